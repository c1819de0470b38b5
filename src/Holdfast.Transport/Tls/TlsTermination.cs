using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Holdfast.Transport.Tls;

/// <summary>Ends TLS 1.2 and 1.3 for listeners, with handshakes away from the I/O threads and a bounded number of them at once.</summary>
/// <param name="certificate">What is shown.</param>
public sealed class TlsTermination(ServerCertificate certificate) : IDisposable
{
    /// <summary>The name under which MQTT is negotiated (ALPN); a client that offers others only is refused.</summary>
    internal const string MqttProtocol = "mqtt";

    /// <summary>A handshake that takes longer is cut.</summary>
    public TimeSpan HandshakeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>As many as there are processors: more would only make each slower.</summary>
    internal HandshakePlaces Places { get; } = new(Environment.ProcessorCount);

    /// <summary>Puts TLS into a listener that speaks HTTP.</summary>
    /// <param name="options">The listener.</param>
    public void Use(ListenOptions options) => Use(options, null, ClientCertificateMode.None);

    /// <summary>Puts TLS into a listener.</summary>
    /// <param name="options">The listener.</param>
    /// <param name="protocol">The only protocol to negotiate; null for those of HTTP that the listener speaks.</param>
    /// <param name="clientCertificates">Whether clients are asked for certificates.</param>
    internal void Use(ListenOptions options, string? protocol, ClientCertificateMode clientCertificates)
    {
        options.Use(next => context => RunBelowAsync(context, next));
        options.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeLimit,
            OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Context,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                AllowRenegotiation = false,

                // Whose certificate it is, is judged at CONNECT, when the product is known; the handshake shows that the client has its key. A session that is resumed would
                // show nothing.
                ClientCertificateRequired = clientCertificates != ClientCertificateMode.None,
                AllowTlsResume = clientCertificates == ClientCertificateMode.None,
                RemoteCertificateValidationCallback = clientCertificates == ClientCertificateMode.None
                    ? null
                    : (_, shown, chain, _) =>
                    {
                        handshake.Connection.Features.Set(ShownChain.Of(chain));
                        return shown is not null || clientCertificates == ClientCertificateMode.Optional;
                    },
                CertificateChainPolicy = clientCertificates == ClientCertificateMode.None ? null : Offline(),
                ApplicationProtocols = protocol is null ? null : [new SslApplicationProtocol(protocol)],
            }),
        });
        options.Use(next => context =>
        {
            context.Features.Get<HandshakePipe>()?.EndHandshake();
            return next(context);
        });
    }

    /// <inheritdoc/>
    public void Dispose() => Places.Dispose();

    /// <summary>A handshake waits for no other server.</summary>
    private static X509ChainPolicy Offline() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    private async Task RunBelowAsync(ConnectionContext context, ConnectionDelegate next)
    {
        // The first read may complete at once, and what follows it must not run where connections are accepted.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var transport = context.Transport;
        var handshake = new HandshakePipe(transport, Places);
        context.Features.Set(handshake);
        context.Transport = handshake;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            // Also after a handshake that has failed.
            handshake.EndHandshake();
            context.Transport = transport;
        }
    }
}
