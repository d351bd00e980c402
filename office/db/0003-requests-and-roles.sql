-- Who may do what at this office, and from how many codes or minor units on it takes a second person. The routes ask here
-- (office/roles/roles.ts); the acts themselves are the programs'.
CREATE TABLE act (
  name        text PRIMARY KEY CHECK (name ~ '^[a-z]+(-[a-z]+)*$'),
  -- Null: one person does it, however much it is.
  second_from bigint CHECK (second_from > 0)
);
CREATE TABLE act_role (
  act  text NOT NULL REFERENCES act,
  role text NOT NULL CHECK (role IN ('stock', 'support', 'finance', 'approver', 'security', 'auditor', 'administrator')),
  PRIMARY KEY (act, role)
);
CREATE TEMPORARY TABLE seed (name text, second_from bigint, roles text[]) ON COMMIT DROP;
INSERT INTO seed VALUES
  ('change-own-password', NULL, '{stock,support,finance,approver,security,auditor,administrator}'),
  ('see-the-status-page', NULL, '{stock,support,finance,approver,security,auditor,administrator}'),
  ('see-products', NULL, '{stock,support,finance,auditor,administrator}'),
  ('add-product', NULL, '{stock}'),
  ('set-price', NULL, '{finance}'),
  ('set-rate', NULL, '{finance}'),
  ('add-tier', NULL, '{finance}'),
  ('set-tier', NULL, '{finance}'),
  ('see-stock', NULL, '{stock,support,finance,auditor}'),
  ('see-sales', NULL, '{stock,support,finance,auditor}'),
  ('bring-in-stock', NULL, '{stock}'),
  ('activate-lot', NULL, '{stock}'),
  ('see-code-history', NULL, '{support,stock,security,auditor}'),
  ('see-cases', NULL, '{stock,support,security,auditor}'),
  ('hold-codes', NULL, '{stock,support,security}'),
  ('release-codes', NULL, '{stock,security}'),
  ('see-restock', NULL, '{stock,finance,auditor}'),
  ('order-restock', NULL, '{stock}'),
  ('see-partners', NULL, '{stock,finance,auditor}'),
  ('see-depots', NULL, '{stock,support,finance,auditor,administrator}'),
  ('open-depot', NULL, '{administrator}'),
  ('see-retailers', NULL, '{support,finance,auditor}'),
  ('add-retailer', NULL, '{support}'),
  ('close-retailer', NULL, '{support,security}'),
  ('set-shop-settings', NULL, '{support}'),
  ('add-vendor', NULL, '{support}'),
  ('suspend-vendor', NULL, '{support,security}'),
  ('take-deposit', NULL, '{finance}'),
  ('reverse-deposit', NULL, '{finance}'),
  ('set-credit-line', NULL, '{finance}'),
  ('see-papers', NULL, '{finance,auditor}'),
  ('see-terminals', NULL, '{support,approver,security,auditor}'),
  ('add-terminal', NULL, '{support}'),
  ('approve-terminal', NULL, '{approver}'),
  ('lock-terminal', NULL, '{support,security}'),
  ('unlock-terminal', NULL, '{security}'),
  ('revoke-terminal', NULL, '{support,security}'),
  ('enter-card', NULL, '{support}'),
  ('approve-card', NULL, '{approver}'),
  ('revoke-card', NULL, '{support,security}'),
  ('see-staff', NULL, '{security,auditor,administrator}'),
  ('disable-staff', NULL, '{security,administrator}'),
  ('see-requests', NULL, '{stock,support,finance,approver,security,auditor}'),
  ('agree-to-request', NULL, '{approver}'),
  ('refuse-request', NULL, '{approver,security}'),
  ('withdraw-request', NULL, '{stock,support,finance,security}'),
  ('mark-codes', NULL, '{stock,support,security}'),
  ('mark-stolen', 1, '{security}'),
  ('release-stolen', 1, '{security}'),
  ('void-codes', 1, '{stock,security}'),
  ('exchange-code', NULL, '{stock,support}'),
  ('hold-lot', NULL, '{stock,security}'),
  ('release-lot', NULL, '{stock,security}'),
  ('recall-lot', NULL, '{stock,security}'),
  ('end-recall', 1, '{stock,security}'),
  ('void-lot', 1, '{stock,security}');
INSERT INTO act SELECT name, second_from FROM seed;
INSERT INTO act_role SELECT name, unnest(roles) FROM seed;

-- What one person asks for and another agrees to, because it ends value. A request is used once, and has an end.
CREATE TABLE request (
  -- What is agreed names this number and no other act of this office ever has it.
  number     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  kind       text NOT NULL REFERENCES act (name),
  subject    text NOT NULL CHECK (length(subject) BETWEEN 1 AND 100),
  -- JSON: all that is done once it is agreed, and what it would do as the books stood when it was asked.
  facts      text NOT NULL,
  figures    text NOT NULL,
  -- SHA-256 over kind and facts (office/requests/agreement.ts): what is signed.
  hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
  asked_by   text NOT NULL,
  asked_at   timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'agreed', 'done', 'refused', 'withdrawn', 'expired')),
  -- Who gave the last agreement that was needed.
  agreed_by  text,
  -- Of a request that came to its end: who ended it, when, and why it was not done.
  ended_by   text,
  ended_at   timestamptz,
  ended_why  text CHECK (length(ended_why) BETWEEN 1 AND 200),
  UNIQUE (number, asked_by),
  CONSTRAINT request_has_an_end CHECK (expires_at > asked_at),
  CONSTRAINT request_not_ones_own CHECK (agreed_by <> asked_by),
  CONSTRAINT request_agreed_by_somebody CHECK (state NOT IN ('agreed', 'done') OR agreed_by IS NOT NULL),
  CONSTRAINT request_end_known CHECK (
    (state IN ('open', 'agreed')) = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
  CONSTRAINT request_why_known CHECK ((state IN ('refused', 'withdrawn')) = (ended_why IS NOT NULL))
);
CREATE INDEX request_waiting ON request (number) WHERE state IN ('open', 'agreed');

CREATE TABLE request_agreement (
  request   bigint NOT NULL,
  asked_by  text NOT NULL,
  -- The member of staff who gave it, and whose approval key it was signed with.
  given_by  text NOT NULL,
  approver  text NOT NULL,
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  given_at  timestamptz NOT NULL,
  PRIMARY KEY (request, approver),
  UNIQUE (request, given_by),
  FOREIGN KEY (request, asked_by) REFERENCES request (number, asked_by),
  CONSTRAINT request_agreement_not_ones_own CHECK (given_by <> asked_by AND approver <> asked_by)
);

-- A request that came to its end stays as it ended, and what was agreed stays agreed.
CREATE FUNCTION keep_ended_requests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a request goes from open to agreed to its end, once' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER request_goes_forward BEFORE UPDATE ON request FOR EACH ROW
  WHEN (OLD.state NOT IN ('open', 'agreed') OR (OLD.state = 'agreed' AND NEW.state NOT IN ('done', 'refused', 'expired'))
        OR (OLD.state = 'open' AND NEW.state = 'done') OR OLD.agreed_by <> NEW.agreed_by)
  EXECUTE FUNCTION keep_ended_requests();
