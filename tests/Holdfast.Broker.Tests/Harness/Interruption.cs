namespace Holdfast.Broker.Tests.Harness;

/// <summary>What comes between two steps of an exchange.</summary>
public enum Interruption
{
    None,
    Reconnect,
    Crash,
    CrashAfterCheckpoint,
    Drain,
}

/// <summary>Makes interruptions happen.</summary>
internal static class Interruptions
{
    /// <summary>Everything but none.</summary>
    public static IEnumerable<Interruption> All => Enum.GetValues<Interruption>().Except([Interruption.None]);

    /// <summary>Interrupts a client, which is connected no longer unless there is no interruption.</summary>
    public static async Task InterruptAsync(this TestBroker broker, TestClient client, Interruption interruption)
    {
        switch (interruption)
        {
            case Interruption.None:
                break;
            case Interruption.Reconnect:
                await client.LoseAsync();
                break;
            case Interruption.Crash:
                await broker.CrashAsync();
                break;
            case Interruption.CrashAfterCheckpoint:
                await broker.CheckpointAsync();
                await broker.CrashAsync();
                break;
            default:
                await broker.DrainAndRestartAsync();
                break;
        }
    }
}
