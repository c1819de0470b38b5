using System.Net.Sockets;
using System.Net.WebSockets;

namespace Holdfast.Server.Bench.Connections;

/// <summary>A measurement that cannot be made: the broker refused, does not speak MQTT, or this machine does not allow it.</summary>
/// <param name="message">What is wrong and, where it helps, what to do.</param>
internal sealed class BenchException(string message) : InvalidOperationException(message)
{
    /// <summary>Whether an exception means that a connection or the broker failed, not this program.</summary>
    /// <param name="exception">The exception.</param>
    public static bool IsConnectionFailure(Exception exception) => exception is SocketException or WebSocketException or IOException or ObjectDisposedException or BenchException;

    /// <summary>The reason of a failure in the words of the system, without wrapping.</summary>
    /// <param name="exception">The exception.</param>
    public static string ReasonOf(Exception exception) => exception is IOException { InnerException: SocketException inner } ? inner.Message : exception.Message;
}
