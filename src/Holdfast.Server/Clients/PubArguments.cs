using System.CommandLine;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Clients;

/// <summary>What <c>pub</c> publishes.</summary>
/// <param name="Client">How to connect.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Source">Where the payload comes from.</param>
/// <param name="Text">The payload of <see cref="PayloadSource.Text"/>, the file of <see cref="PayloadSource.File"/>.</param>
/// <param name="Retain">Whether it is retained.</param>
/// <param name="Repeat">How often the same payload is published.</param>
/// <param name="RepeatDelay">The pause between.</param>
/// <param name="Window">The most messages without acknowledgement.</param>
internal sealed record PubOptions(
    ClientOptions Client, string Topic, PayloadSource Source, string Text, bool Retain, int Repeat, TimeSpan RepeatDelay, int Window);

/// <summary>Where a payload comes from.</summary>
internal enum PayloadSource
{
    /// <summary><c>-m</c>.</summary>
    Text,

    /// <summary><c>-f</c>.</summary>
    File,

    /// <summary><c>-l</c>: each line of standard input is a message.</summary>
    Lines,

    /// <summary><c>-s</c>: standard input is one message.</summary>
    Input,

    /// <summary><c>-n</c>.</summary>
    Empty,
}

/// <summary>The command <c>pub</c>.</summary>
internal sealed class PubArguments
{
    private readonly ClientArguments _client = new("pub");
    private readonly Option<string?> _topic = ValueOptions.Text("-t", "TOPIC", "The topic to publish to.", "--topic");
    private readonly Option<string?> _message = ValueOptions.Text("-m", "TEXT", "The message.", "--message");
    private readonly Option<string?> _file = ValueOptions.Text("-f", "FILE", "The message is the content of a file.", "--file");
    private readonly Option<bool> _lines = ValueOptions.Flag("-l", "Each line of standard input is a message.", "--stdin-line");
    private readonly Option<bool> _input = ValueOptions.Flag("-s", "Standard input is the message.", "--stdin-file");
    private readonly Option<bool> _empty = ValueOptions.Flag("-n", "An empty message.", "--null-message");
    private readonly Option<bool> _retain = ValueOptions.Flag("-r", "The message is retained.", "--retain");
    private readonly Option<int> _repeat = ValueOptions.Number("--repeat", "With -f, -m, -n or -s: publish so often.", 1, 1, int.MaxValue);
    private readonly Option<double> _delay = new("--repeat-delay") { Description = "With --repeat: seconds between.", HelpName = "SECONDS", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _window = ValueOptions.Number("-M", "The most messages that wait for their acknowledgement; at QoS 2 always one.", 20, 1, 65535, "--max-inflight");

    /// <summary>Makes the command.</summary>
    /// <param name="terminal">The standard streams.</param>
    public Command Build(Terminal terminal)
    {
        var command = new Command("pub", "Publish to any MQTT broker; the options are those of mosquitto_pub.")
        {
            _topic, _message, _file, _lines, _input, _empty, _retain, _repeat, _delay, _window,
        };
        _client.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (TryBind(result, out PubOptions? options) is { } problem)
            {
                return terminal.RefuseUsage("pub", problem);
            }

            using var running = new PubCommand(options!, terminal);
            return await running.RunAsync(cancellationToken);
        });
        return command;
    }

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="options">The options, or null.</param>
    /// <returns>What is wrong and what to do, or null.</returns>
    public string? TryBind(ParseResult result, out PubOptions? options)
    {
        options = null;
        if (_client.TryBind(result, out ClientOptions client, out string? topic) is { } problem)
        {
            return problem;
        }

        topic = result.GetValue(_topic) ?? topic;
        if (string.IsNullOrEmpty(topic) || topic.AsSpan().ContainsAny('+', '#'))
        {
            return topic is null or "" ? "give a topic with -t." : $"-t {topic}: a message goes to one topic; + and # are for subscriptions.";
        }

        (PayloadSource Source, bool Given)[] sources =
        [
            (PayloadSource.Text, result.GetValue(_message) is not null), (PayloadSource.File, result.GetValue(_file) is not null),
            (PayloadSource.Lines, result.GetValue(_lines)), (PayloadSource.Input, result.GetValue(_input)), (PayloadSource.Empty, result.GetValue(_empty)),
        ];
        if (sources.Count(source => source.Given) != 1)
        {
            return "give one message: -m TEXT, -f FILE, -l (lines of standard input), -s (all of it) or -n (empty).";
        }

        double delay = result.GetValue(_delay);
        if (delay is < 0 or > 86400)
        {
            return "--repeat-delay: write seconds, at most a day.";
        }

        options = new PubOptions(
            client, topic, sources.Single(source => source.Given).Source, result.GetValue(_message) ?? result.GetValue(_file) ?? "",
            result.GetValue(_retain), result.GetValue(_repeat), TimeSpan.FromSeconds(delay), result.GetValue(_window));
        return null;
    }
}
