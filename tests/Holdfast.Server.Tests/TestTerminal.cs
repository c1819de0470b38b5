using System.Text;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Tests;

/// <summary>Standard streams in memory.</summary>
internal sealed class TestTerminal : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly WatchedWriter _error = new();

    public TestTerminal(string input = "") => Terminal = new Terminal(new MemoryStream(Encoding.UTF8.GetBytes(input)), _output, TextWriter.Synchronized(_error));

    public Terminal Terminal { get; }

    /// <summary>What was printed; read it when the command has ended.</summary>
    public string Output => Encoding.UTF8.GetString(_output.ToArray());

    /// <summary>What was complained about; read it when the command has ended.</summary>
    public string Error => _error.ToString();

    public Task<int> RunAsync(params string[] arguments) => Cli.RunAsync(arguments, Terminal, TestContext.Current.CancellationToken);

    /// <summary>Completes when a line with a text is written to standard error.</summary>
    public Task WaitForErrorAsync(string text) => _error.WaitForAsync(text).WaitAsync(TimeSpan.FromSeconds(30));

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private sealed class WatchedWriter : StringWriter
    {
        private readonly Lock _lock = new();
        private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

        public Task WaitForAsync(string text)
        {
            lock (_lock)
            {
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add((text, seen));
                Signal();
                return seen.Task;
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_lock)
            {
                base.WriteLine(value);
                Signal();
            }
        }

        private void Signal()
        {
            string written = ToString();
            _waiting.Where(entry => written.Contains(entry.Text, StringComparison.Ordinal)).ToList().ForEach(entry => entry.Seen.TrySetResult());
        }
    }
}
