using System.Text;

namespace Holdfast.Transport.Tests;

/// <summary>The upgrade of HTTP to WebSocket, with headers that a well-behaved client would not send.</summary>
internal static class WebSocketHandshake
{
    /// <summary>Sends the request, and expects 101.</summary>
    /// <returns>The head of the answer.</returns>
    public static async Task<string> UpgradeAsync(Stream stream, params string[] headers)
    {
        var answer = await RequestAsync(stream, "/mqtt", ["Connection: Upgrade", "Upgrade: websocket", .. headers]);
        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        return answer;
    }

    /// <summary>Sends a request for an upgrade.</summary>
    /// <returns>The head of the answer.</returns>
    public static async Task<string> RequestAsync(Stream stream, string path, params string[] headers)
    {
        string[] lines =
        [
            $"GET {path} HTTP/1.1", .. headers.Any(header => header.StartsWith("Host:", StringComparison.Ordinal)) ? Array.Empty<string>() : ["Host: localhost"],
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", .. headers, "", "",
        ];
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", lines)));
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one).AsTask().WaitAsync(TestServer.Limit) == 0)
            {
                throw new EndOfStreamException($"The server has ended the connection inside its answer: {head}");
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
