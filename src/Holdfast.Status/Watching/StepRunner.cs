using System.Net.Sockets;
using System.Security.Authentication;
using Holdfast.Status.Reports;

namespace Holdfast.Status.Watching;

/// <summary>Runs a step: times it, bounds it, and says in a few words what went wrong. The words name no address: they are for a public page.</summary>
internal sealed class StepRunner(string component, WatchOptions options, TimeProvider time)
{
    /// <summary>Runs a step.</summary>
    /// <param name="step">Its name.</param>
    /// <param name="action">What it does; it throws when it fails.</param>
    /// <param name="silence">What it means when nothing comes back in time.</param>
    /// <param name="cancellationToken">Ends the watching.</param>
    public async Task<ReportedObservation> RunAsync(string step, Func<CancellationToken, Task> action, string silence, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        using var limit = new CancellationTokenSource(options.StepTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        string detail = "";
        string verdict = "ok";
        try
        {
            // A client that does not heed its token must not hold the round up.
            await action(both.Token).WaitAsync(both.Token).ConfigureAwait(false);
            if (time.GetElapsedTime(start) > options.LateAfter)
            {
                (verdict, detail) = ("late", $"took longer than {Words.Duration(options.LateAfter)}");
            }
        }
        catch (StepLateException exception)
        {
            (verdict, detail) = ("late", exception.Message);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
#pragma warning disable CA1031 // Whatever a client library throws, the step has failed; that is the finding.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (verdict, detail) = ("failed", limit.IsCancellationRequested ? $"{silence} within {Words.Duration(options.StepTimeout)}" : Reason(exception));
        }

        return new ReportedObservation(component, step, verdict, time.GetElapsedTime(start).TotalMilliseconds, detail);
    }

    private static string Reason(Exception exception)
    {
        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            switch (one)
            {
                case StepFailedException failed: return failed.Message;
                case AuthenticationException: return "the certificate is not trusted, or TLS failed";
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }: return "nobody listens there";
                case SocketException { SocketErrorCode: SocketError.HostNotFound }: return "the name is not known";
                case SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable }: return "the network does not lead there";
            }
        }

        return "the connection was lost";
    }
}

/// <summary>A step has failed; the message says how, in a few words for the public.</summary>
internal sealed class StepFailedException(string message) : Exception(message);

/// <summary>A step did what it should, and something about it needs attention; the message says what, in a few words for the public.</summary>
internal sealed class StepLateException(string message) : Exception(message);
