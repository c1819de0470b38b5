using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Holdfast.Integrations.Tests.Support;
using Holdfast.Testing;

namespace Holdfast.Integrations.Tests.Webhooks;

public sealed class CertificateTests : IDisposable
{
    private readonly X509Certificate2 _certificate = TestCertificates.Create();
    private readonly X509Certificate2 _other = TestCertificates.Create("other");

    public void Dispose()
    {
        _certificate.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
        => Assert.Contains("SecureConnectionError", await DeliverAsync(null), StringComparison.Ordinal);

    [Fact]
    public async Task An_authority_of_ones_own_vouches_for_the_receiver()
        => Assert.Null(await DeliverAsync(new { ca = _certificate.ExportCertificatePem() }));

    [Fact]
    public async Task Another_authority_does_not()
        => Assert.Contains("SecureConnectionError", await DeliverAsync(new { ca = _other.ExportCertificatePem() }), StringComparison.Ordinal);

    [Fact]
    public async Task A_pinned_key_is_enough()
        => Assert.Null(await DeliverAsync(new { pins = new[] { PinOf(_other), PinOf(_certificate) } }));

    [Fact]
    public async Task Another_pinned_key_refuses_the_receiver()
        => Assert.Contains("SecureConnectionError", await DeliverAsync(new { pins = new[] { PinOf(_other) } }), StringComparison.Ordinal);

    [Fact]
    public async Task With_an_authority_and_a_pin_both_are_needed()
        => Assert.Contains(
            "SecureConnectionError", await DeliverAsync(new { ca = _certificate.ExportCertificatePem(), pins = new[] { PinOf(_other) } }), StringComparison.Ordinal);

    private static string PinOf(X509Certificate2 certificate)
        => "sha256/" + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <returns>The error, or null when the event arrived.</returns>
    private async Task<string?> DeliverAsync(object? tls)
    {
        await using var receiver = await Receiver.StartAsync(_certificate);
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: $"\"tls\":{JsonSerializer.Serialize(tls)}");
        await scene.PublishAsync("devices/a/events/x", "x");
        return (await scene.UntilAsync(status => status.Delivered == 1 || status.FailedAttempts == 1)).LastError;
    }
}
