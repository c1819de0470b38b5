using System.Text;

namespace Holdfast.Server.CommandLine;

/// <summary>The standard streams, so that tests can give others.</summary>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output, bytes and text; nothing is buffered beyond a line.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Terminal(Stream Input, Stream Output, TextWriter Error)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Standard output as text.</summary>
    public TextWriter Text { get; } = TextWriter.Synchronized(new StreamWriter(Output, Utf8, bufferSize: 1024) { AutoFlush = true, NewLine = "\n" });

    /// <summary>Whether standard output is a terminal that can be redrawn.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>The process's own streams.</summary>
    public static Terminal OfThisProcess() => new(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.Error)
    {
        IsInteractive = !Console.IsOutputRedirected,
    };

    /// <summary>Says in one line what went wrong and what to do.</summary>
    /// <param name="message">A sentence.</param>
    /// <returns><see cref="ExitCodes.Failure"/>.</returns>
    public int Fail(string message)
    {
        Error.WriteLine($"holdfast: {message}");
        return ExitCodes.Failure;
    }

    /// <summary>Says in one line what is wrong with the command line.</summary>
    /// <param name="command">The command.</param>
    /// <param name="problem">What is wrong and what to do.</param>
    /// <returns><see cref="ExitCodes.Usage"/>.</returns>
    public int RefuseUsage(string command, string problem)
    {
        Error.WriteLine($"holdfast {command}: {problem} See 'holdfast {command} --help'.");
        return ExitCodes.Usage;
    }
}
