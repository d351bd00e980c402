// Style sheets are the bundler's business; they are imported for their effect.
declare module '*.css'
