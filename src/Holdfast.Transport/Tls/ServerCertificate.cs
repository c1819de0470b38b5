using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Holdfast.Transport.Tls;

/// <summary>
/// The certificate that listeners show, which follows its files: new connections get the new one, those that stand go on. Files that cannot be
/// used leave the last good certificate in place.
/// </summary>
public sealed class ServerCertificate : IDisposable
{
    /// <summary>How often the files are looked at.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    private readonly CertificateFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private byte[] _fingerprint;
    private string? _lastProblem;
    private volatile Current _current;

    /// <summary>Loads the certificate and begins to follow its files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For the operator.</param>
    /// <exception cref="CertificateException">The files cannot be used.</exception>
    public ServerCertificate(CertificateFiles files, TimeProvider time, ILogger logger)
    {
        _files = files;
        _time = time;
        _logger = logger;
        _fingerprint = files.Fingerprint();
        _current = Load();
        _timer = time.CreateTimer(_ => Reload(), null, PollInterval, PollInterval);
    }

    /// <summary>When the certificate in use expires, in seconds since 1970.</summary>
    public long ExpiresAtSeconds => new DateTimeOffset(_current.Leaf.NotAfter.ToUniversalTime()).ToUnixTimeSeconds();

    /// <summary>What a handshake that begins now shows.</summary>
    internal SslStreamCertificateContext Context => _current.Context;

    /// <summary>Looks at the files now, and takes them when they have changed and can be used.</summary>
    public void Reload()
    {
        lock (_lock)
        {
            try
            {
                var fingerprint = _files.Fingerprint();
                if (fingerprint.AsSpan().SequenceEqual(_fingerprint))
                {
                    _lastProblem = null;
                    return;
                }

                _current = Load();
                _fingerprint = fingerprint;
                _lastProblem = null;
                _logger.LogInformation("{File} is taken: {Subject}, valid until {NotAfter:u}", _files.Certificate, _current.Leaf.Subject, _current.Leaf.NotAfter.ToUniversalTime());
            }
            catch (CertificateException exception)
            {
                if (exception.Message != _lastProblem)
                {
                    _lastProblem = exception.Message;
                    _logger.LogError("The certificate in use is kept: {Problem}", exception.Message);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private Current Load()
    {
        var loaded = _files.Load();
        var leaf = loaded[0];
        foreach (var warning in _files.Warnings(leaf, _time.GetUtcNow()))
        {
            _logger.LogWarning("{Warning}", warning);
        }

        // Offline: what a client needs is in the file, and a server must not wait for other servers.
        return new Current(leaf, SslStreamCertificateContext.Create(leaf, loaded, offline: true));
    }

    private sealed record Current(X509Certificate2 Leaf, SslStreamCertificateContext Context);
}
