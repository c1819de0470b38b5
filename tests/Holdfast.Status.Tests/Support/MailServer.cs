using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.Support;

/// <summary>A mail that arrived.</summary>
public sealed record Mail(string To, string Text, IReadOnlyList<(string Name, string Value)> Headers)
{
    public string Header(string name) => Headers.Single(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>A real mail server (aiosmtpd) as a process.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Channel<Mail> _mails = Channel.CreateUnbounded<Mail>();
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MailServer(int port)
    {
        string script = Path.Combine(Repository.Root, "tests", "Holdfast.Status.Tests", "Agents", "mail.py");
        _process = new Process { StartInfo = new ProcessStartInfo("/usr/bin/python3", [script, port.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true } };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
    }

    public int Port { get; private set; }

    public static async Task<MailServer> StartAsync(int port = 0)
    {
        Components.Require("apt-get install python3-aiosmtpd", "/usr/bin/python3", "-c", "import aiosmtpd");
        var server = new MailServer(port);
        server.Port = await server._port.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>The next mail to somebody; others are passed over.</summary>
    public async Task<Mail> NextAsync(string to, Func<Mail, bool>? which = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (true)
        {
            Mail mail = await _mails.Reader.ReadAsync(limit.Token);
            if (mail.To == to && which?.Invoke(mail) != false)
            {
                return mail;
            }
        }
    }

    /// <summary>How many mails to somebody have arrived, taken or not.</summary>
    public int Count(string to) => _counts.GetValueOrDefault(to);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (!_port.Task.IsCompleted)
        {
            _port.SetResult(int.Parse(line, CultureInfo.InvariantCulture));
            return;
        }

        JsonNode mail = JsonNode.Parse(line)!;
        _counts.AddOrUpdate((string)mail["to"]![0]!, 1, (_, count) => count + 1);
        _mails.Writer.TryWrite(new Mail(
            (string)mail["to"]![0]!,
            (string)mail["text"]!,
            [.. mail["headers"]!.AsArray().Select(header => ((string)header![0]!, (string)header[1]!))]));
    }
}
