using Holdfast.Status.Judgement;
using Holdfast.Status.Storage;
using Holdfast.Testing;

namespace Holdfast.Status.Tests.Storage;

public sealed class RollupTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();
    private readonly Database _database;
    private readonly RollupTable _rollups;

    public RollupTests()
    {
        _database = Database.Open(_directory.Path);
        _rollups = new RollupTable(_database);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_minute_knows_how_many_how_long_and_how_bad()
    {
        Add(Start, Verdict.Ok, 10);
        Add(Start.AddSeconds(10), Verdict.Late, 30);
        Add(Start.AddSeconds(20), Verdict.Failed, 5000);
        Add(Start.AddSeconds(60), Verdict.Ok, 7);
        List<Rollup> minutes = Read(TimeSpan.FromMinutes(1));
        Assert.Equal([new Rollup(Start, 3, 1, 1, 20, 30), new Rollup(Start.AddMinutes(1), 1, 0, 0, 7, 7)], minutes);
        Assert.Equal(4, Assert.Single(Read(TimeSpan.FromDays(1))).Count);
    }

    [Fact]
    public void What_is_old_goes_the_coarse_stays_longest_and_a_series_ends_with_its_last_row()
    {
        Add(Start, Verdict.Ok, 10);
        _database.Transact(() => _rollups.Trim(Start.AddDays(2)));
        Assert.Empty(Read(TimeSpan.FromMinutes(1)));
        Assert.Single(Read(TimeSpan.FromHours(1)));
        _database.Transact(() => _rollups.Trim(Start.AddDays(100)));
        Assert.Empty(Read(TimeSpan.FromHours(1)));
        Assert.Single(Read(TimeSpan.FromDays(1)));
        _database.Transact(() => _rollups.Trim(Start.AddDays(400)));
        Assert.Empty(_rollups.All);
    }

    [Fact]
    public void The_size_is_bounded_by_the_number_of_series_however_long_it_runs()
    {
        for (int day = 0; day < 200; day++)
        {
            _database.Transact(() =>
            {
                for (int hour = 0; hour < 24; hour++)
                {
                    Add(Start.AddDays(day).AddHours(hour), Verdict.Ok, 1);
                }

                _rollups.Trim(Start.AddDays(day).AddHours(23));
            });
        }

        Assert.InRange(_database.Query("SELECT count(*) FROM rollups", row => row.GetInt32(0)).Single(), 1, (90 * 24) + 24 + 200 + 2);
    }

    [Fact]
    public void What_was_not_committed_is_not_there()
    {
        Assert.Throws<InvalidOperationException>(() => _database.Transact(() =>
        {
            Add(Start, Verdict.Ok, 1);
            throw new InvalidOperationException();
        }));
        Assert.Empty(Read(TimeSpan.FromMinutes(1), new RollupTable(_database)));
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_with_its_name()
    {
        string other = _directory.Below("other");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, Database.FileName), new string('x', 5000));
        StatusDataException refusal = Assert.Throws<StatusDataException>(() => Database.Open(other));
        Assert.Contains(Path.Combine(other, Database.FileName), refusal.Message, StringComparison.Ordinal);
    }

    private void Add(DateTimeOffset at, Verdict verdict, double milliseconds) => _rollups.Add(
        new Round("oslo-1", "oslo", at, TimeSpan.FromSeconds(10), [new Observation("MQTT", "connect", verdict, TimeSpan.FromMilliseconds(milliseconds))]));

    private List<Rollup> Read(TimeSpan resolution, RollupTable? table = null)
        => [.. (table ?? _rollups).All.SelectMany(series => (table ?? _rollups).Read(series, resolution, Start))];
}
