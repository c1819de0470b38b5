using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;

namespace Holdfast.Server.Clients;

/// <summary>What carries MQTT between <c>pub</c> or <c>sub</c> and the broker: TCP, TLS or WebSocket.</summary>
internal static class Carriage
{
    /// <summary>What is wrong with the certificates to trust and what to do, or null.</summary>
    public static string? Problem(ClientOptions options)
    {
        if (options.TrustedCertificates is not { } file)
        {
            return null;
        }

        try
        {
            return ReadTrusted(file).Count > 0 ? null : $"--ca {file}: it holds no certificate in PEM.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"--ca {file}: {exception.Message}";
        }
    }

    /// <summary>Says how to reach the broker.</summary>
    public static void Apply(ClientOptions options, MqttClientOptionsBuilder builder)
    {
        bool isTls = options.Carrier is ClientCarrier.Tls or ClientCarrier.WebSocketOverTls;
        if (options.Carrier is ClientCarrier.Tcp or ClientCarrier.Tls)
        {
            builder.WithTcpServer(options.Host, options.Port);
        }
        else
        {
            var url = new UriBuilder(isTls ? "wss" : "ws", options.Host, options.Port, options.WebSocketPath);
            builder.WithWebSocketServer(socket => socket.WithUri(url.Uri.ToString()));
        }

        if (isTls)
        {
            X509Certificate2Collection? trusted = options.TrustedCertificates is { } file ? ReadTrusted(file) : null;
            builder.WithTlsOptions(tls => tls
                .UseTls()
                .WithTargetHost(options.Host)
                .WithSslProtocols(SslProtocols.Tls12 | SslProtocols.Tls13)
                .WithCertificateValidationHandler(shown => options.Insecure || IsTrusted(shown.Certificate, shown.Chain, shown.SslPolicyErrors, trusted)));
        }
    }

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? shown, SslPolicyErrors errors, X509Certificate2Collection? trusted)
    {
        // A wrong name, or no certificate, is wrong whoever signed it.
        if (trusted is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0 || certificate is not X509Certificate2 leaf)
        {
            return errors == SslPolicyErrors.None;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.AddRange(shown?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(leaf);
    }

    private static X509Certificate2Collection ReadTrusted(string file)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        return all;
    }
}
