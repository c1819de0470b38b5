using System.Runtime.InteropServices;
using Holdfast.Log.Segments;
using Holdfast.Log.State;
using Holdfast.Server.CommandLine;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.Serving;

/// <summary>Runs a node.</summary>
internal static class ServeCommand
{
    /// <summary>Runs until the token is cancelled.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="cancellationToken">Cancelled on SIGTERM and SIGINT: drains and returns.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using var systemd = new SystemdNotifier();
            await using var node = await NodeHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = node.TryReloadCertificate());
            foreach (var address in node.Addresses)
            {
                Console.Out.WriteLine($"listening {address}");
            }

            Console.Out.WriteLine("ready");
            systemd.Ready();
            await node.WhenFailedAsync(cancellationToken).ConfigureAwait(false);
            systemd.Stopping();
            await node.DrainAsync().ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is StoreInUseException or StoreUnusableException or StateStoreException or UnauthorizedAccessException)
        {
            return Fail(exception.Message);
        }
        catch (CertificateException exception)
        {
            return Fail(exception.Message);
        }
        catch (IOException exception)
        {
            return Fail($"could not start: {exception.Message}");
        }
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"holdfast: {message}");
        return ExitCodes.Failure;
    }
}
