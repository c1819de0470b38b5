using System.Globalization;

namespace Holdfast.Crash.Processes;

/// <summary>The seed of a run: printed, and replayed with HOLDFAST_SEED.</summary>
internal static class Seed
{
    private const string Variable = "HOLDFAST_SEED";

    public static int Choose()
    {
        var seed = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"{TestContext.Current.TestMethod?.MethodName}: {Variable}={seed}");
        return seed;
    }

    /// <summary>How to replay it, for messages about failures.</summary>
    public static string Replay(int seed) => $"replay with {Variable}={seed}";
}
