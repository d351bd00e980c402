// The suite `modern` by another hand: the JDK's XML Signature and Apache Santuario's XML Encryption.
//
//   java -cp xmlsec.jar:… ModernPeer.java verify  MESSAGE SIGNER_PUBLIC_PEM
//   java -cp …            ModernPeer.java decrypt MESSAGE RECEIVER_PRIVATE_PEM      prints the plaintext as hex
//   java -cp …            ModernPeer.java close   PAYLOAD PLAINTEXT_HEX RECEIVER_PUBLIC_PEM SIGNER_PRIVATE_PEM
//                         PAYLOAD is a document whose xenc:EncryptedData is replaced; prints the signed message

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.xml.security.Init;
import org.apache.xml.security.encryption.EncryptedData;
import org.apache.xml.security.encryption.EncryptedKey;
import org.apache.xml.security.encryption.XMLCipher;
import org.apache.xml.security.keys.KeyInfo;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

public final class ModernPeer {
  private static final String DSIG = "http://www.w3.org/2000/09/xmldsig#";
  private static final String XENC = "http://www.w3.org/2001/04/xmlenc#";
  private static final String PSS = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
  private static final String MGF1_SHA256 = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

  public static void main(String[] args) throws Exception {
    System.setProperty("com.sun.org.apache.xml.internal.security.ignoreLineBreaks", "true");
    System.setProperty("org.apache.xml.security.ignoreLineBreaks", "true");
    Init.init();
    switch (args[0]) {
      case "verify" -> verify(parse(args[1]), publicKey(args[2]));
      case "decrypt" -> System.out.println(HexFormat.of().formatHex(decrypt(parse(args[1]), privateKey(args[2]))));
      case "close" -> close(parse(args[1]), HexFormat.of().parseHex(args[2]), publicKey(args[3]), privateKey(args[4]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void verify(Document document, PublicKey key) throws Exception {
    Element signature = (Element) document.getElementsByTagNameNS(DSIG, "Signature").item(0);
    DOMValidateContext context = new DOMValidateContext(key, signature);
    context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
    XMLSignature parsed = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
    System.out.println(parsed.validate(context) ? "valid" : "invalid");
  }

  private static byte[] decrypt(Document document, PrivateKey key) throws Exception {
    Element data = (Element) document.getElementsByTagNameNS(XENC, "EncryptedData").item(0);
    XMLCipher cipher = XMLCipher.getInstance();
    cipher.init(XMLCipher.DECRYPT_MODE, null);
    cipher.setKEK(key);
    return cipher.decryptToByteArray(data);
  }

  private static void close(Document document, byte[] plain, PublicKey receiver, PrivateKey signer) throws Exception {
    Element place = (Element) document.getElementsByTagNameNS(XENC, "EncryptedData").item(0);
    KeyGenerator generator = KeyGenerator.getInstance("AES");
    generator.init(256);
    SecretKey contentKey = generator.generateKey();

    XMLCipher keyCipher = XMLCipher.getInstance(XMLCipher.RSA_OAEP_11, null, XMLCipher.SHA256);
    keyCipher.init(XMLCipher.WRAP_MODE, receiver);
    EncryptedKey encryptedKey = keyCipher.encryptKey(document, contentKey, MGF1_SHA256, null);

    XMLCipher cipher = XMLCipher.getInstance(XMLCipher.AES_256_GCM);
    cipher.init(XMLCipher.ENCRYPT_MODE, contentKey);
    String type = place.getAttribute("Type");
    EncryptedData data =
        cipher.encryptData(document, type.isEmpty() ? null : type, new ByteArrayInputStream(plain));
    if (place.hasAttribute("MimeType")) data.setMimeType(place.getAttribute("MimeType"));
    KeyInfo keyInfo = new KeyInfo(document);
    keyInfo.add(encryptedKey);
    data.setKeyInfo(keyInfo);
    place.getParentNode().replaceChild(cipher.martial(data), place);

    XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
    var reference =
        factory.newReference(
            "",
            factory.newDigestMethod(DigestMethod.SHA256, null),
            List.of(
                factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                factory.newTransform(CanonicalizationMethod.EXCLUSIVE, (TransformParameterSpec) null)),
            null,
            null);
    SignatureMethod method = factory.newSignatureMethod(PSS, null);
    var signedInfo =
        factory.newSignedInfo(
            factory.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
            method,
            List.of(reference));
    DOMSignContext context = new DOMSignContext(signer, document.getDocumentElement());
    context.setDefaultNamespacePrefix("ds");
    factory.newXMLSignature(signedInfo, null).sign(context);

    Transformer writer = TransformerFactory.newInstance().newTransformer();
    writer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
    writer.transform(new DOMSource(document), new StreamResult(new PrintStream(System.out, true, "UTF-8")));
  }

  private static Document parse(String file) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    return factory.newDocumentBuilder().parse(new File(file));
  }

  private static byte[] pem(String file) throws Exception {
    // The example keys open with a line that says what they are worth.
    String text = Files.readString(Path.of(file)).replaceAll("(?s).*-----BEGIN [A-Z ]+-----|-----END.*", "");
    return Base64.getMimeDecoder().decode(text);
  }

  private static PublicKey publicKey(String file) throws Exception {
    return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(pem(file)));
  }

  private static PrivateKey privateKey(String file) throws Exception {
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pem(file)));
  }
}
