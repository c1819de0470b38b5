using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Holdfast.Mqtt;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Bench;

/// <summary>The options of a scenario. What is not given is the scenario's default.</summary>
/// <param name="defaults">The defaults that the help tells; null where they depend on the scenario that is named.</param>
internal sealed class BenchOptionSet(BenchOptions? defaults)
{
    private const int MostConnections = 1_000_000;

    private readonly Option<string> _host = new("--host", "-h") { Description = "The broker's host.", HelpName = "HOST", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = ValueOptions.Number("--port", "The broker's port.", 1883, 1, 65535, "-p");
    private readonly Option<int?> _pid = Whole("--pid", "PID", "The broker's process id on this machine: measures its CPU, memory, threads and files.", 1, int.MaxValue);
    private readonly Option<string?> _data = ValueOptions.Text("--data", "DIR", "The broker's data directory on this machine: watches its size and files.");
    private readonly Option<bool> _version5 = ValueOptions.Flag("--mqtt5", "Speak MQTT 5 instead of 3.1.1.");
    private readonly Option<bool> _tls = ValueOptions.Flag("--tls", "Connect with TLS, and take whatever certificate the broker shows.");
    private readonly Option<bool> _webSocket = ValueOptions.Flag("--websocket", "Connect over WebSocket, at the path /mqtt.");
    private readonly Option<string?> _userName = ValueOptions.Text("--username", "NAME", "The user name.", "-u");
    private readonly Option<string?> _password = ValueOptions.Text("--password", "PASSWORD", "The password.", "-P");
    private readonly Option<int?> _quality = Whole("--qos", "N", $"The quality of service.{Default((int?)defaults?.QualityOfService)}", 0, 2, "-q");
    private readonly Option<int?> _publishers = Whole("--publishers", "N", $"Publishing connections.{Default(defaults?.Publishers)}", 1, MostConnections, "--devices");
    private readonly Option<int?> _subscribers = Whole("--subscribers", "N", $"Subscribing connections.{Default(defaults?.Subscribers)}", 0, MostConnections);
    private readonly Option<int?> _connections = Whole("--connections", "N", $"Connections, or sessions.{Default(defaults?.Connections)}", 1, MostConnections);
    private readonly Option<int?> _atOnce = Whole("--at-once", "N", $"Connects under way at the same time.{Default(defaults?.AtOnce)}", 1, 10_000);
    private readonly Option<int?> _waiting = Whole("--waiting", "N", $"Messages that wait for each session.{Default(defaults?.Waiting)}", 1, 1_000_000);
    private readonly Option<int?> _topics = Whole("--topics", "N", $"Topics with a retained message.{Default(defaults?.Topics)}", 1, 10_000_000);
    private readonly Option<int?> _topicsEach = Whole("--topics-each", "N", $"Topics over which each publisher takes turns.{Default(defaults?.TopicsEach)}", 1, 1_000_000);
    private readonly Option<int?> _keepAlive = Whole("--keep-alive", "SECONDS", "Each connection asks for this keep-alive, and sends PINGREQ so often. [default: none]", 1, 65535);
    private readonly Option<int?> _window = Whole("--window", "N", $"Above QoS 0: most messages of a publisher without acknowledgement.{Default(defaults?.Window)}", 1, 65535);
    private readonly Option<int?> _rate = Whole("--rate", "N", $"Messages a second of all publishers together, whatever the broker does; without it as many as possible.{Default(defaults?.Rate)}", 1, 10_000_000);
    private readonly Option<long?> _size = ValueOptions.Size("--size", "Bytes of a payload. [default: 100B]", 0, 16_000_000);
    private readonly Option<double?> _seconds = Seconds("--seconds", $"How long to measure; of a scenario that ends by itself, the longest wait.{Default(defaults?.Duration.TotalSeconds)}", 0.1);
    private readonly Option<double?> _warmUp = Seconds("--warmup", $"Seconds of load before measuring.{Default(defaults?.WarmUp.TotalSeconds)}", 0);

    /// <summary>Adds the options of a scenario to its command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="definition">The scenario.</param>
    public void AddTo(Command command, ScenarioDefinition definition)
    {
        Add(command, [_host, _port, _pid, _data]);
        foreach ((BenchOptionGroups group, Option[] options) in Groups())
        {
            if (definition.Groups.HasFlag(group))
            {
                Add(command, options);
            }
        }

        Add(command, [_seconds, .. definition.Defaults.WarmUp > TimeSpan.Zero ? [_warmUp] : Array.Empty<Option>(), _tls, _webSocket, _version5, _userName, _password]);
    }

    /// <summary>Adds the options of all scenarios to a command that takes its brokers otherwise.</summary>
    /// <param name="command">The command.</param>
    public void AddAllTo(Command command)
        => Add(command, [.. Groups().SelectMany(group => group.Options), _seconds, _warmUp, _tls, _webSocket, _version5, _userName, _password]);

    /// <summary>Reads the options.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="definition">The scenario.</param>
    public BenchOptions Bind(ParseResult result, ScenarioDefinition definition)
    {
        BenchOptions unlessGiven = definition.Defaults;
        return unlessGiven with
        {
            Host = Given(result, _host) ?? unlessGiven.Host,
            Port = Given(result, _port) is > 0 and var port ? port : unlessGiven.Port,
            Carrier = result.GetValue(_tls) ? BenchCarrier.Tls : result.GetValue(_webSocket) ? BenchCarrier.WebSocket : BenchCarrier.Tcp,
            BrokerProcessId = Given(result, _pid),
            DataDirectory = Given(result, _data),
            Version = result.GetValue(_version5) ? ProtocolVersion.Mqtt5 : ProtocolVersion.Mqtt311,
            UserName = result.GetValue(_userName),
            Password = result.GetValue(_password),
            QualityOfService = Given(result, _quality) is { } quality ? (QualityOfService)quality : unlessGiven.QualityOfService,
            Publishers = Given(result, _publishers) ?? unlessGiven.Publishers,
            Subscribers = Given(result, _subscribers) ?? unlessGiven.Subscribers,
            Connections = Given(result, _connections) ?? unlessGiven.Connections,
            AtOnce = Given(result, _atOnce) ?? unlessGiven.AtOnce,
            Waiting = Given(result, _waiting) ?? unlessGiven.Waiting,
            Topics = Given(result, _topics) ?? unlessGiven.Topics,
            TopicsEach = Given(result, _topicsEach) ?? unlessGiven.TopicsEach,
            KeepAlive = Given(result, _keepAlive) is { } keepAlive ? TimeSpan.FromSeconds(keepAlive) : unlessGiven.KeepAlive,
            Window = Given(result, _window) ?? unlessGiven.Window,
            PayloadBytes = (int)(Given(result, _size) ?? unlessGiven.PayloadBytes),
            Rate = Given(result, _rate) ?? unlessGiven.Rate,
            Duration = Given(result, _seconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : unlessGiven.Duration,
            WarmUp = Given(result, _warmUp) is { } warmUp ? TimeSpan.FromSeconds(warmUp) : unlessGiven.WarmUp,
        };
    }

    /// <summary>An option that takes a whole number and has no default of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="valueName">What the help calls its value.</param>
    /// <param name="description">Its help.</param>
    /// <param name="minimum">The smallest value.</param>
    /// <param name="maximum">The largest value.</param>
    /// <param name="aliases">Other names.</param>
    public static Option<int?> Whole(string name, string valueName, string description, int minimum, int maximum, params string[] aliases)
        => new(name, aliases)
        {
            Description = description,
            HelpName = valueName,
            CustomParser = result => int.TryParse(TextOf(result), out int value) && value >= minimum && value <= maximum
                ? value
                : Refuse<int?>(result, $"{name} {TextOf(result)}: write a whole number from {minimum} to {maximum}."),
        };

    /// <summary>An option that takes seconds and has no default of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its help.</param>
    /// <param name="minimum">The shortest.</param>
    public static Option<double?> Seconds(string name, string description, double minimum)
        => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => double.TryParse(TextOf(result), CultureInfo.InvariantCulture, out double value) && value >= minimum && value <= TimeSpan.SecondsPerDay
                ? value
                : Refuse<double?>(result, string.Create(CultureInfo.InvariantCulture, $"{name} {TextOf(result)}: write seconds from {minimum} to {TimeSpan.SecondsPerDay}.")),
        };

    /// <summary>An option that takes names of a list, separated by commas.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="valueName">What the help calls its value.</param>
    /// <param name="description">Its help.</param>
    /// <param name="known">The names.</param>
    public static Option<string[]> Names(string name, string valueName, string description, IEnumerable<string> known)
    {
        string[] all = [.. known];
        return new Option<string[]>(name)
        {
            Description = $"{description} Of {string.Join(", ", all)}; separate several by commas.",
            HelpName = valueName,
            CustomParser = result => Split(result, name, all),
        };
    }

    private (BenchOptionGroups Group, Option[] Options)[] Groups() =>
    [
        (BenchOptionGroups.Qos, [_quality]),
        (BenchOptionGroups.Publishing, [_publishers, _topicsEach]),
        (BenchOptionGroups.Window, [_window]),
        (BenchOptionGroups.Subscribing, [_subscribers]),
        (BenchOptionGroups.Rate, [_rate]),
        (BenchOptionGroups.Size, [_size]),
        (BenchOptionGroups.Connections, [_connections]),
        (BenchOptionGroups.AtOnce, [_atOnce]),
        (BenchOptionGroups.Waiting, [_waiting]),
        (BenchOptionGroups.Topics, [_topics]),
        (BenchOptionGroups.KeepAlive, [_keepAlive]),
    ];

    private static string Default(double? value) => value is { } number ? string.Create(CultureInfo.InvariantCulture, $" [default: {number}]") : "";

    // An option that the command does not have was not given.
    private static T? Given<T>(ParseResult result, Option<T> option) => result.GetResult(option) is null ? default : result.GetValue(option);

    private static void Add(Command command, IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    private static string[] Split(ArgumentResult result, string name, string[] known)
    {
        string[] names = [.. result.Tokens.SelectMany(token => token.Value.Split(','))];
        if (names.FirstOrDefault(text => !known.Contains(text)) is { } unknown)
        {
            result.AddError($"{name} {unknown}: write some of {string.Join(", ", known)}.");
        }

        return names;
    }

    private static string TextOf(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;

    private static T Refuse<T>(ArgumentResult result, string error)
    {
        result.AddError(error);
        return default!;
    }
}
