using System.Net;
using System.Text;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>Receives a webhook's requests.</summary>
internal sealed class Receiver : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly List<string> _bodies = [];

    public Receiver()
    {
        Url = $"http://127.0.0.1:{FreePorts.Take()}/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _ = RunAsync();
    }

    public string Url { get; }

    /// <summary>The status with which a request is answered, by its body.</summary>
    public Func<string, int> StatusOf { get; set; } = _ => 200;

    /// <summary>The bodies that were answered 2xx.</summary>
    public string[] Accepted
    {
        get
        {
            lock (_bodies)
            {
                return [.. _bodies];
            }
        }
    }

    public void Dispose() => _listener.Close();

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                var body = await reader.ReadToEndAsync();
                context.Response.StatusCode = StatusOf(body);
                if (context.Response.StatusCode < 300)
                {
                    lock (_bodies)
                    {
                        _bodies.Add(body);
                    }
                }

                context.Response.Close();
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The test is over, or the server was killed in the middle.
        }
    }
}
