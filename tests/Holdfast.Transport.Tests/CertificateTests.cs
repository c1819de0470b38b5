using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Testing;
using Holdfast.Transport.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Transport.Tests;

public sealed class CertificateTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly Messages _messages = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void One_file_may_hold_both_and_the_key_may_be_encrypted()
    {
        using var certificate = TestCertificates.Create("both");
        var key = certificate.GetECDsaPrivateKey()!;
        var file = _directory.Below("both.pem");
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        Assert.Equal("CN=both", Load(file).Subject);

        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + encrypted);
        Assert.True(Load(file, password: "secret").HasPrivateKey);
        Assert.Contains("Is the password right?", Refusal(file, password: "wrong"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".pfx")]
    [InlineData(".p12")]
    public void Pkcs12_needs_its_password(string extension)
    {
        using var certificate = TestCertificates.Create("packed");
        var file = _directory.Below("packed" + extension);
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx, "secret"));
        Assert.Equal("CN=packed", Load(file, password: "secret").Subject);
        Assert.Contains("Is the password right?", Refusal(file, password: "wrong"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_used_is_refused_with_the_file_and_the_reason()
    {
        var files = TestCertificate.Write(_directory, "one");
        using var other = new TemporaryDirectory();
        var otherKey = TestCertificate.Write(other, "other").Key;
        Assert.Contains("cannot be read", Refusal(_directory.Below("missing")), StringComparison.Ordinal);
        Assert.Contains("--key", Refusal(files.Certificate), StringComparison.Ordinal);
        Assert.Contains("holds no certificate", Refusal(files.Key!), StringComparison.Ordinal);
        Assert.Contains($"The key in {otherKey} does not belong to", Refusal(files.Certificate, otherKey), StringComparison.Ordinal);
        Assert.Contains("holds no private key", Refusal(files.Certificate, files.Certificate), StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_certificate_and_a_key_that_others_can_read_are_warnings()
    {
        var files = TestCertificate.Write(_directory, "late", _time.GetUtcNow().AddDays(-1));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(files.Key!, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        }

        using var certificate = new ServerCertificate(files, _time, _messages);
        Assert.Equal(2, _messages.Of(LogLevel.Warning).Count());
        Assert.Contains("expired at", _messages.Of(LogLevel.Warning).First(), StringComparison.Ordinal);
        Assert.Contains("chmod 600", _messages.Of(LogLevel.Warning).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_file_keeps_the_old_certificate_and_is_told_once()
    {
        var files = TestCertificate.Write(_directory, "good");
        using var certificate = new ServerCertificate(files, _time, _messages);
        var good = certificate.Context;
        File.WriteAllText(files.Certificate, "broken");
        for (var count = 0; count < 3; count++)
        {
            _time.Advance(ServerCertificate.PollInterval);
        }

        Assert.Same(good, certificate.Context);
        Assert.Single(_messages.Of(LogLevel.Error));
        TestCertificate.Write(_directory, "better");
        certificate.Reload();
        Assert.Equal("CN=better", certificate.Context.TargetCertificate.Subject);
        Assert.Contains("CN=better", _messages.Of(LogLevel.Information).Single(), StringComparison.Ordinal);
    }

    private static X509Certificate2 Load(string certificate, string? key = null, string? password = null) => new CertificateFiles(certificate, key, password).Load()[0];

    private static string Refusal(string certificate, string? key = null, string? password = null)
        => Assert.Throws<CertificateException>(() => Load(certificate, key, password)).Message;

    private sealed class Messages : ILogger
    {
        private readonly List<(LogLevel Level, string Text)> _all = [];

        public IEnumerable<string> Of(LogLevel level) => _all.Where(one => one.Level == level).Select(one => one.Text);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => _all.Add((logLevel, formatter(state, exception)));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
