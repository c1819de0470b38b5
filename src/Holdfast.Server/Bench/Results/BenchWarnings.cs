using System.Globalization;

namespace Holdfast.Server.Bench.Results;

/// <summary>Says when figures are to be taken with care.</summary>
internal static class BenchWarnings
{
    /// <summary>A machine that is busier than this has no room left.</summary>
    private const double FullShare = 0.9;

    /// <summary>Others may use so much of a core without changing much.</summary>
    private const double HarmlessOtherCores = 0.1;

    /// <summary>Lateness of the generator below this is the clock's and the scheduler's, in milliseconds.</summary>
    private const double HarmlessLateness = 1;

    /// <summary>The warnings about a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="cores">Cores of this machine.</param>
    public static IReadOnlyList<string> Of(BenchResult result, int cores)
    {
        var warnings = new List<string>();
        GeneratorResult generator = result.Generator;
        double broker = result.BrokerProcess?.CpuCores ?? 0;
        double others = generator.OtherCpuCores ?? 0;
        if (others > HarmlessOtherCores)
        {
            warnings.Add(Invariant($"the machine was busy: other processes used {others:0.##} of {cores} cores"));
        }
        else if (generator.CpuCores >= FullShare * cores || (result.BrokerProcess is not null && generator.CpuCores > broker && generator.CpuCores + broker >= FullShare * cores))
        {
            warnings.Add(Invariant($"the generator was short of CPU: it used {generator.CpuCores:0.##} of {cores} cores, the broker {(result.BrokerProcess is null ? "?" : Invariant($"{broker:0.##}"))}; the broker may be faster than shown"));
        }

        if (generator.LateP99 > HarmlessLateness)
        {
            warnings.Add(Invariant($"the generator was late: 1 % of its messages went out more than {generator.LateP99:0.##} ms after their time; the latencies include that"));
        }

        if (result.Count == 0)
        {
            warnings.Add("nothing was counted");
        }

        return warnings;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
