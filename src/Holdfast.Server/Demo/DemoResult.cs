using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Holdfast.Server.Demo;

/// <summary>The outcome of a demonstration.</summary>
internal sealed record DemoResult
{
    /// <summary>The counts.</summary>
    public required DemoFigures Figures { get; init; }

    /// <summary>Whether the broker was really killed.</summary>
    public required bool IsKilled { get; init; }

    /// <summary>From the kill until the broker was ready again, in seconds.</summary>
    public required double RestartSeconds { get; init; }

    /// <summary>What the status page recorded of the kill; null when it recorded nothing.</summary>
    public DemoIncident? Incident { get; init; }

    /// <summary>The seed, to run the same again.</summary>
    public required int Seed { get; init; }

    /// <summary>Whether it shows what it is for: killed, something acknowledged, nothing of that lost.</summary>
    public bool IsProven => IsKilled && Figures is { Acknowledged: > 0, Lost: 0 };

    /// <summary>The outcome as text.</summary>
    public string Format()
    {
        (string Name, string Value)[] rows =
        [
            ("published", Number(Figures.Published)),
            ("acknowledged", Number(Figures.Acknowledged)),
            ("delivered to the subscriber", $"{Number(Figures.DeliveredToSubscriber)}  ({Number(Figures.RedeliveredToSubscriber)} repeated, dropped by sequence)"),
            ("delivered to the webhook", $"{Number(Figures.DeliveredToWebhook)}  ({Number(Figures.RedeliveredToWebhook)} repeated, dropped by sequence)"),
            ("lost (acknowledged, not delivered)", Figures.Lost == 0 ? "0" : $"{Number(Figures.Lost)}  (subscriber {Number(Figures.LostToSubscriber)}, webhook {Number(Figures.LostToWebhook)})"),
            ("duplicates after deduplication", Number(Figures.DuplicatesAfterDeduplication)),
            ("longest pause of acknowledgements", string.Create(CultureInfo.InvariantCulture, $"{Figures.LongestPause.TotalSeconds:0.00} s")),
            ("broker", IsKilled ? string.Create(CultureInfo.InvariantCulture, $"killed with SIGKILL, ready again after {RestartSeconds:0.00} s") : "was NOT killed"),
        ];
        var text = new StringBuilder();
        foreach ((string name, string value) in rows)
        {
            text.Append("  ").Append(name.PadRight(36)).AppendLine(value);
        }

        text.AppendLine().Append(Incident?.Format() ?? "The status page recorded no incident: the broker was back before two rounds of its watcher had failed.");
        return text.ToString().TrimEnd();
    }

    /// <summary>Why it does not show what it is for, or null when it does.</summary>
    public string? Failure => this switch
    {
        { IsKilled: false } => "the broker was not really killed, so this shows nothing",
        { Figures.Acknowledged: 0 } => "nothing was acknowledged, so this shows nothing",
        { Figures.Lost: > 0 } => $"{Figures.Lost} deliveries of acknowledged events are missing; run it again with --seed {Seed} --journal DIR",
        _ => null,
    };

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}

/// <summary>JSON of this folder's records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoLine))]
internal sealed partial class DemoJson : JsonSerializerContext;

/// <summary>What <c>demo --json</c> prints.</summary>
internal sealed record DemoLine(
    long Published, long Acknowledged, long DeliveredToSubscriber, long DeliveredToWebhook, long Lost, long LostToSubscriber, long LostToWebhook,
    long DuplicatesAfterDeduplication, long RedeliveredToSubscriber, long RedeliveredToWebhook, double LongestPauseSeconds,
    bool BrokerKilled, double RestartSeconds, string? Incident, double? IncidentOpenedAfterSeconds, double? IncidentSeconds, string? StatusPage, int Seed, bool Proven)
{
    /// <summary>The line of a result.</summary>
    /// <param name="result">The result.</param>
    public static DemoLine Of(DemoResult result) => new(
        result.Figures.Published, result.Figures.Acknowledged, result.Figures.DeliveredToSubscriber, result.Figures.DeliveredToWebhook,
        result.Figures.Lost, result.Figures.LostToSubscriber, result.Figures.LostToWebhook,
        result.Figures.DuplicatesAfterDeduplication, result.Figures.RedeliveredToSubscriber, result.Figures.RedeliveredToWebhook,
        Math.Round(result.Figures.LongestPause.TotalSeconds, 3), result.IsKilled, result.RestartSeconds,
        result.Incident?.Title, Seconds(result.Incident?.OpenedAfter), Seconds(result.Incident?.Duration), result.Incident?.Page, result.Seed, result.IsProven);

    private static double? Seconds(TimeSpan? duration) => duration is { } time ? Math.Round(time.TotalSeconds, 3) : null;
}
