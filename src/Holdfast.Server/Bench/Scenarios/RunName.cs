namespace Holdfast.Server.Bench.Scenarios;

/// <summary>Names for runs, so that topics and client identifiers of two runs never meet at a broker.</summary>
internal static class RunName
{
    /// <summary>A name that no other run has.</summary>
    public static string Take() => Guid.NewGuid().ToString("N")[..8];
}
