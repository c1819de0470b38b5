using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Status.Reports;

namespace Holdfast.Status.Watching;

/// <summary>Looks at the certificate of an address with TLS: it must be trusted, and not end soon.</summary>
internal sealed class CertificateProbe(WatchTarget target, WatchOptions options, TimeProvider time) : IProbe
{
    private readonly StepRunner _steps = new(target.Component, options, time);

    /// <summary>Whether an address has a certificate.</summary>
    public static bool IsFor(Uri address) => address.Scheme is "mqtts" or "wss" or "https";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken)
        => [await _steps.RunAsync("certificate", LookAsync, "no answer to the TLS handshake", cancellationToken).ConfigureAwait(false)];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        int port = target.Address.Port > 0 ? target.Address.Port : 8883;
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(target.Address.Host, port, cancellationToken).ConfigureAwait(false);
        DateTimeOffset? end = null;
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, errors) =>
        {
            end = certificate is X509Certificate2 known ? known.NotAfter.ToUniversalTime() : null;
            return errors == SslPolicyErrors.None;
        });
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = target.Address.Host }, cancellationToken).ConfigureAwait(false);
        }
        catch (System.Security.Authentication.AuthenticationException) when (end < now)
        {
            throw new StepFailedException($"the certificate ended {Words.Duration(now - end.Value)} ago");
        }

        if (end is { } at && at - now < options.CertificateNotice)
        {
            throw new StepLateException($"the certificate ends in {Words.Duration(at - now)}");
        }
    }
}
