using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Holdfast.Transport.Tls;

/// <summary>Where a certificate and its key lie.</summary>
/// <param name="Certificate">PEM with the certificate and those that lead to its root, or PKCS #12 (<c>.pfx</c>, <c>.p12</c>).</param>
/// <param name="Key">PEM with the private key; null when it is in the first file.</param>
/// <param name="Password">What decrypts the key, or null.</param>
public sealed record CertificateFiles(string Certificate, string? Key, string? Password)
{
    /// <summary>Reads the files as they are now.</summary>
    /// <returns>The certificate with its key first, then those that lead to its root.</returns>
    /// <exception cref="CertificateException">They cannot be used; the message says which, why, and what to do.</exception>
    public X509Certificate2Collection Load()
    {
        try
        {
            return IsPkcs12 ? LoadPkcs12() : LoadPem();
        }
        catch (CryptographicException exception)
        {
            throw new CertificateException($"{Key ?? Certificate} cannot be used: {exception.Message}{(Password is null ? "" : " Is the password right?")}", exception);
        }
    }

    /// <summary>A hash of the files' contents: what says that they have changed.</summary>
    /// <exception cref="CertificateException">A file cannot be read.</exception>
    public byte[] Fingerprint() => SHA256.HashData([.. Read(Certificate), .. Key is null ? [] : Read(Key)]);

    /// <summary>What an operator should know although the certificate can be used.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<string> Warnings(X509Certificate2 certificate, DateTimeOffset now)
    {
        if (certificate.NotAfter.ToUniversalTime() <= now)
        {
            yield return $"The certificate in {Certificate} expired at {certificate.NotAfter.ToUniversalTime():u}; clients will refuse it";
        }
        else if (certificate.NotBefore.ToUniversalTime() > now)
        {
            yield return $"The certificate in {Certificate} is valid only from {certificate.NotBefore.ToUniversalTime():u}; clients will refuse it";
        }

        var secret = Key ?? Certificate;
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(secret) & Others) != 0)
        {
            yield return $"{secret} holds a private key and can be read by others; chmod 600 {secret}";
        }
    }

    private bool IsPkcs12 => Path.GetExtension(Certificate) is ".pfx" or ".p12";

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private static string ReadText(string path) => System.Text.Encoding.ASCII.GetString(Read(path));

    private X509Certificate2Collection LoadPkcs12()
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(Read(Certificate), Password);
        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new CertificateException($"{Certificate} holds no private key.");
        return [own, .. all.Where(certificate => certificate != own)];
    }

    private X509Certificate2Collection LoadPem()
    {
        var text = ReadText(Certificate);
        var all = new X509Certificate2Collection();
        all.ImportFromPem(text);
        if (all.Count == 0)
        {
            throw new CertificateException($"{Certificate} holds no certificate: there is no line -----BEGIN CERTIFICATE-----.");
        }

        var keyText = Key is null ? text : ReadText(Key);
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new CertificateException(Key is null ? $"{Certificate} holds no private key; name its file with --key." : $"{Key} holds no private key.");
        }

        try
        {
            all[0] = Password is null ? X509Certificate2.CreateFromPem(text, keyText) : X509Certificate2.CreateFromEncryptedPem(text, keyText, Password);
            return all;
        }
        catch (ArgumentException exception)
        {
            throw new CertificateException($"The key in {Key ?? Certificate} does not belong to the first certificate in {Certificate}.", exception);
        }
    }
}

/// <summary>A certificate cannot be used. The message is for the operator.</summary>
public sealed class CertificateException : IOException
{
    /// <summary>Creates it.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    public CertificateException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it.</summary>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="inner">The cause.</param>
    public CertificateException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
