using System.CommandLine;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Clients;

/// <summary>What <c>sub</c> subscribes to and prints.</summary>
internal sealed record SubOptions
{
    /// <summary>How to connect.</summary>
    public required ClientOptions Client { get; init; }

    /// <summary>The topic filters.</summary>
    public required IReadOnlyList<string> Filters { get; init; }

    /// <summary>Topic filters whose messages are not printed.</summary>
    public IReadOnlyList<string> FilterOut { get; init; } = [];

    /// <summary>Topic filters to unsubscribe from first.</summary>
    public IReadOnlyList<string> Unsubscribe { get; init; } = [];

    /// <summary>Ends after so many messages; 0 for never.</summary>
    public int Count { get; init; }

    /// <summary>Ends after this time; null for never.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>How a message is printed.</summary>
    public required MessageFormat Format { get; init; }

    /// <summary>Whether no line end is added to a message.</summary>
    public bool NoLineEnd { get; init; }

    /// <summary>Whether retained messages are skipped.</summary>
    public bool SkipRetained { get; init; }

    /// <summary>Whether the first message that is not retained ends it.</summary>
    public bool RetainedOnly { get; init; }

    /// <summary>Whether retained messages that arrive are removed from the broker.</summary>
    public bool RemoveRetained { get; init; }

    /// <summary>Whether it ends once subscribed.</summary>
    public bool ExitAfterSubscribe { get; init; }
}

/// <summary>The command <c>sub</c>.</summary>
internal sealed class SubArguments
{
    private readonly ClientArguments _client = new("sub");
    private readonly Option<string[]> _topics = Many("-t", "FILTER", "A topic filter to subscribe to. Repeatable.", "--topic");
    private readonly Option<string[]> _filterOut = Many("-T", "FILTER", "Do not print messages whose topic matches. Repeatable.", "--filter-out");
    private readonly Option<string[]> _unsubscribe = Many("-U", "FILTER", "Unsubscribe from a filter of a kept session. Repeatable.", "--unsubscribe");
    private readonly Option<int> _count = ValueOptions.Number("-C", "End after so many messages; 0 for never.", 0, 0, int.MaxValue);
    private readonly Option<double?> _timeLimit = new("-W") { Description = "End after so many seconds, with exit code 27.", HelpName = "SECONDS" };
    private readonly Option<bool> _verbose = ValueOptions.Flag("-v", "Print the topic before the payload.", "--verbose");
    private readonly Option<string?> _format = ValueOptions.Text("-F", "FORMAT", "How to print a message: %t topic, %p payload, %x payload in hex, %l its length, %q QoS, %r retain, %m packet id, %j JSON, %J JSON with a JSON payload, %U seconds since 1970, %I time, %P user properties, %C content type, %R response topic, %D correlation data, %E expiry.");
    private readonly Option<bool> _noLineEnd = ValueOptions.Flag("-N", "Add no line end to a message.");
    private readonly Option<bool> _skipRetained = ValueOptions.Flag("-R", "Do not print retained messages.");
    private readonly Option<bool> _retainedOnly = ValueOptions.Flag("--retained-only", "Print retained messages only, and end at the first other one.");
    private readonly Option<bool> _removeRetained = ValueOptions.Flag("--remove-retained", "Remove the retained messages that arrive from the broker.");
    private readonly Option<bool> _exit = ValueOptions.Flag("-E", "End once the subscriptions are acknowledged.");

    /// <summary>Makes the command.</summary>
    /// <param name="terminal">The standard streams.</param>
    public Command Build(Terminal terminal)
    {
        var command = new Command("sub", "Subscribe at any MQTT broker and print what arrives; the options are those of mosquitto_sub.")
        {
            _topics, _filterOut, _unsubscribe, _count, _timeLimit, _verbose, _format, _noLineEnd, _skipRetained, _retainedOnly, _removeRetained, _exit,
        };
        _client.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (TryBind(result, out SubOptions? options) is { } problem)
            {
                return terminal.RefuseUsage("sub", problem);
            }

            using var running = new SubCommand(options!, terminal, TimeProvider.System);
            return await running.RunAsync(cancellationToken);
        });
        return command;
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="options">The options, or null.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? TryBind(ParseResult result, out SubOptions? options)
    {
        options = null;
        if (_client.TryBind(result, out ClientOptions client, out string? topicOfUrl) is { } problem)
        {
            return problem;
        }

        string[] filters = [.. result.GetValue(_topics) ?? [], .. topicOfUrl is null ? Array.Empty<string>() : [topicOfUrl]];
        string[] unsubscribe = result.GetValue(_unsubscribe) ?? [];
        if (filters.Length + unsubscribe.Length == 0)
        {
            return "give a topic filter with -t, such as -t 'devices/#'.";
        }

        double? seconds = result.GetValue(_timeLimit);
        if (seconds is <= 0 or > 1e9)
        {
            return "-W: write seconds above zero.";
        }

        string format = result.GetValue(_format)
            ?? (client.Json ? MessageFormat.Event : result.GetValue(_verbose) ? "%t %p" : "%p");
        if (MessageFormat.TryParse(format, out MessageFormat? parsed) is { } formatProblem)
        {
            return formatProblem;
        }

        options = new SubOptions
        {
            Client = client,
            Filters = filters,
            FilterOut = result.GetValue(_filterOut) ?? [],
            Unsubscribe = unsubscribe,
            Count = result.GetValue(_count),
            TimeLimit = seconds is { } limit ? TimeSpan.FromSeconds(limit) : null,
            Format = parsed!,
            NoLineEnd = result.GetValue(_noLineEnd),
            SkipRetained = result.GetValue(_skipRetained),
            RetainedOnly = result.GetValue(_retainedOnly),
            RemoveRetained = result.GetValue(_removeRetained),
            ExitAfterSubscribe = result.GetValue(_exit),
        };
        return null;
    }

    private static Option<string[]> Many(string name, string valueName, string description, params string[] aliases)
        => new(name, aliases) { Description = description, HelpName = valueName, Arity = ArgumentArity.OneOrMore };
}
