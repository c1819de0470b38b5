namespace Holdfast.Server.Drill.Judging;

/// <summary>What clients write down.</summary>
internal enum JournalAction
{
    /// <summary>A client's connection stands.</summary>
    Connected,

    /// <summary>A client gave its connection up, because an answer did not come in time.</summary>
    ConnectionLost,

    /// <summary>A publisher is about to send a message, for the first time or again.</summary>
    Published,

    /// <summary>A publisher received PUBACK or PUBREC.</summary>
    Acknowledged,

    /// <summary>A publisher received a refusal; it gives the message up.</summary>
    Refused,

    /// <summary>A consumer's subscription is in force.</summary>
    Subscribed,

    /// <summary>A consumer received a message, and hands it to its application.</summary>
    Received,

    /// <summary>A QoS 2 consumer received a message again, within the same exchange; its application does not see it.</summary>
    Repeated,

    /// <summary>A client found that the server has forgotten its session.</summary>
    SessionLost,

    /// <summary>The server was stopped in order, when nobody had anything in flight.</summary>
    Stopped,

    /// <summary>The server was killed.</summary>
    Killed,

    /// <summary>The database's probe: a commit with a synchronous standby came back.</summary>
    Committed,

    /// <summary>A fault begins.</summary>
    FaultBegun,

    /// <summary>A fault was undone.</summary>
    FaultUndone,

    /// <summary>Everything is healthy again.</summary>
    Healthy,

    /// <summary>An action that this reader does not know.</summary>
    Unknown,
}

/// <summary>The names of actions in a journal (docs/demo-journal.md).</summary>
internal static class JournalActions
{
    private const string PublishedAgain = "publish-again";

    private static readonly Dictionary<JournalAction, string> Names = new()
    {
        [JournalAction.Connected] = "connected",
        [JournalAction.ConnectionLost] = "connection-lost",
        [JournalAction.Published] = "publish",
        [JournalAction.Acknowledged] = "acknowledged",
        [JournalAction.Refused] = "not-acknowledged",
        [JournalAction.Subscribed] = "subscribed",
        [JournalAction.Received] = "received",
        [JournalAction.Repeated] = "repeated",
        [JournalAction.SessionLost] = "session-lost",
        [JournalAction.Stopped] = "stopped-in-order",
        [JournalAction.Killed] = "killed",
        [JournalAction.Committed] = "committed",
        [JournalAction.FaultBegun] = "fault",
        [JournalAction.FaultUndone] = "undone",
        [JournalAction.Healthy] = "healthy",
        [JournalAction.Unknown] = "unknown",
    };

    private static readonly Dictionary<string, JournalAction> Actions = Names.ToDictionary(name => name.Value, name => name.Key);

    /// <summary>The name of an action.</summary>
    public static string Name(JournalAction action, bool isAgain) => action == JournalAction.Published && isAgain ? PublishedAgain : Names[action];

    /// <summary>The action of a name.</summary>
    public static JournalAction Parse(string name) => name == PublishedAgain ? JournalAction.Published : Actions.GetValueOrDefault(name, JournalAction.Unknown);
}
