using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Holdfast.Server.CommandLine;

/// <summary>The whole command line. Errors are one line: what was wrong and what to do.</summary>
internal static class Cli
{
    /// <summary>A drain after SIGTERM may take so long before the process is ended.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="terminal">The standard streams.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellationToken = default)
    {
        if (arguments is ["serve", ..])
        {
            arguments = Configuration.Merge(arguments, new ServeArguments().Build(), Environment.GetEnvironmentVariable, out _, out string? problem);
            if (problem is not null)
            {
                return terminal.Fail(problem);
            }
        }

        ParseResult result = Parse(arguments, terminal);
        if (result.Action is null or ParseErrorAction)
        {
            string path = CommandPath(result);
            string error = result.UnmatchedTokens.Count > 0 ? $"'{result.UnmatchedTokens[0]}' is not known here."
                : result.Errors.Count > 0 ? result.Errors[0].Message
                : "Give a command.";
            terminal.Error.WriteLine($"{path}: {error} See '{path} --help'.");
            return ExitCodes.Usage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = terminal.Text,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TerminationTimeout,
        };
        try
        {
            return await result.InvokeAsync(configuration, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>Parses a command line without running it.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="terminal">The streams that the commands will use.</param>
    public static ParseResult Parse(IReadOnlyList<string> arguments, Terminal terminal)
    {
        var root = new RootCommand("Holdfast, an IoT device cloud that loses nothing it has accepted.");
        foreach (TopLevelCommand command in TopLevelCommand.For(arguments, terminal))
        {
            root.Add(command.Build());
        }

        // -h is the host in pub and sub, as people know it from mosquitto_pub; so help has no such short form.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Add(new HelpOption("--help", "-?"));

        // A payload such as @file is a payload.
        return root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
    }

    private static string CommandPath(ParseResult result)
    {
        var names = new List<string>();
        for (SymbolResult? symbol = result.CommandResult; symbol is not null; symbol = symbol.Parent)
        {
            if (symbol is CommandResult command)
            {
                names.Insert(0, command.Command is RootCommand ? "holdfast" : command.Command.Name);
            }
        }

        return string.Join(' ', names);
    }
}
