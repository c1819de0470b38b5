using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Holdfast.Server.Bench.Connections;
using Holdfast.Server.Bench.Results;

namespace Holdfast.Server.Bench.Suite;

/// <summary>What the suite is asked for.</summary>
/// <param name="Rows">The scenarios.</param>
/// <param name="Brokers">The brokers.</param>
/// <param name="Rounds">How often each is measured.</param>
/// <param name="Duration">How long each round is measured.</param>
/// <param name="WarmUp">The load before, where the scenario has a steady one.</param>
/// <param name="Directory">Below which the brokers keep their files while they run.</param>
internal sealed record SuiteOptions(
    IReadOnlyList<SuiteRow> Rows, IReadOnlyList<SuiteBroker> Brokers, int Rounds, TimeSpan Duration, TimeSpan WarmUp, string Directory);

/// <summary>Runs every scenario at every broker in turn, each time with a fresh broker and an empty directory.</summary>
/// <param name="options">What is asked for.</param>
/// <param name="tell">Takes a line about each run.</param>
/// <param name="time">The clock.</param>
internal sealed class SuiteRun(SuiteOptions options, Action<string> tell, TimeProvider time)
{
    /// <summary>Runs it.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="BenchException">A broker is not installed.</exception>
    public async Task<SuiteResult> RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset startedAt = time.GetUtcNow();
        var brokers = new List<SuiteBrokerResult>();
        foreach (SuiteBroker broker in options.Brokers)
        {
            string version = await broker.FindVersionAsync(cancellationToken)
                ?? throw new BenchException($"{broker.VersionCommand[0]} is not installed; install it (apt-get install {broker.Name}) or leave it out (--brokers)");
            brokers.Add(new SuiteBrokerResult(broker.Name, version));
        }

        var runs = new List<SuiteRunResult>();
        foreach (SuiteRow row in options.Rows)
        {
            for (int round = 1; round <= options.Rounds; round++)
            {
                foreach (SuiteBroker broker in options.Brokers.Where(broker => row.Brokers is null || row.Brokers.Contains(broker.Name)))
                {
                    SuiteRunResult run = await RunOneAsync(row, broker, round, cancellationToken);
                    tell($"{row.Name}, {broker.Name}, round {round}: {(run.Result is { } result ? BenchReport.FormatLine(result) : run.Failure)}");
                    runs.Add(run);
                }
            }
        }

        return new SuiteResult(
            startedAt, DescribeMachine(), options.Duration.TotalSeconds, options.Rounds, brokers,
            SuiteTable.Make(options.Rows, [.. brokers.Select(broker => broker.Name)], runs), runs);
    }

    private async Task<SuiteRunResult> RunOneAsync(SuiteRow row, SuiteBroker broker, int round, CancellationToken cancellationToken)
    {
        string directory = Directory.CreateDirectory(Path.Combine(options.Directory, $"holdfast-bench-{Guid.NewGuid():N}")).FullName;
        try
        {
            SuiteCertificate.Make(directory, time.GetUtcNow());
            await using RunningBroker running = await broker.StartAsync(directory, cancellationToken);
            BenchResult result = await BenchScenarios.RunAsync(
                running.Take(row.Options) with
                {
                    Duration = row.HasOwnTimes ? row.Options.Duration : options.Duration,
                    WarmUp = row.HasOwnTimes || row.Options.WarmUp == TimeSpan.Zero ? row.Options.WarmUp : options.WarmUp,
                },
                cancellationToken);
            return new SuiteRunResult(row.Name, broker.Name, round, result, null);
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException)
        {
            return new SuiteRunResult(row.Name, broker.Name, round, null, BenchException.ReasonOf(exception));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // The file system matters most: on tmpfs a flush costs nothing, and the figures of a durable broker would say nothing.
    private string DescribeMachine()
    {
        string? model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        string format = new DriveInfo(options.Directory).DriveFormat;
        return string.Create(
            CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores ({model ?? RuntimeInformation.ProcessArchitecture.ToString()}), {RuntimeInformation.OSDescription}, data on {format}");
    }
}
