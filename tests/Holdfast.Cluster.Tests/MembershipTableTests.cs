using System.Net;
using Holdfast.Cluster.Membership;
using Holdfast.Log.Postgres.Members;
using Holdfast.Testing.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>What Orleans expects of its table.</summary>
public sealed class MembershipTableTests : IAsyncLifetime
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(10);

    private readonly ShiftedClock _clock = new();
    private ClusterMembers _members = null!;
    private PostgresMembershipTable _table = null!;
    private int _generation;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _members = await ClusterMembers.OpenAsync(SharedServer.NewOptions(), Cancellation);
        _table = new PostgresMembershipTable(_members, _clock);
    }

    public ValueTask DisposeAsync() => _members.DisposeAsync();

    [Fact]
    public async Task A_new_table_is_empty_and_has_version_0()
    {
        var table = await ReadAsync();
        Assert.Empty(table.Members);
        Assert.Equal(0, table.Version.Version);
        Assert.Equal("0", table.Version.VersionEtag);
    }

    [Fact]
    public async Task What_is_inserted_is_read_and_moves_the_version()
    {
        var entry = NewEntry("a");
        entry.SuspectTimes = [Suspicion(NewEntry("b"), 30), Suspicion(NewEntry("c"), 7)];
        Assert.True(await InsertAsync(entry));

        var table = await ReadAsync();
        Assert.Equal(1, table.Version.Version);
        var (read, etag) = Assert.Single(table.Members);
        Assert.Equal("1", etag);
        Assert.Equal(entry.SiloAddress, read.SiloAddress);
        Assert.Equal("a", read.SiloName);
        Assert.Equal("machine", read.HostName);
        Assert.Equal("program", read.RoleName);
        Assert.Equal(SiloStatus.Joining, read.Status);
        Assert.Equal(entry.SuspectTimes.Select(time => time.Item1), read.SuspectTimes!.Select(time => time.Item1));
        Assert.All(entry.SuspectTimes.Zip(read.SuspectTimes!), pair => Assert.Equal(pair.First.Item2, pair.Second.Item2, Tolerance));
    }

    [Fact]
    public async Task A_row_is_read_alone_with_the_version_of_the_table()
    {
        var (first, second) = (NewEntry("a"), NewEntry("b"));
        await InsertAsync(first);
        await InsertAsync(second);
        var one = await _table.ReadRowAsync(first.SiloAddress, Cancellation);
        Assert.Equal(first.SiloAddress, Assert.Single(one.Members).Item1.SiloAddress);
        Assert.Equal(2, one.Version.Version);
        Assert.Empty((await _table.ReadRowAsync(NewEntry("c").SiloAddress, Cancellation)).Members);
    }

    [Fact]
    public async Task An_insert_with_a_stale_version_is_refused_and_changes_nothing()
    {
        var stale = (await ReadAsync()).Version;
        await InsertAsync(NewEntry("a"));
        Assert.False(await _table.InsertRowAsync(NewEntry("b"), stale.Next(), Cancellation));
        Assert.False(await _table.InsertRowAsync(NewEntry("b"), stale.Next().Next().Next(), Cancellation));
        var table = await ReadAsync();
        Assert.Single(table.Members);
        Assert.Equal(1, table.Version.Version);
    }

    [Fact]
    public async Task A_row_is_inserted_once()
    {
        var entry = NewEntry("a");
        Assert.True(await InsertAsync(entry));
        Assert.False(await InsertAsync(entry));
        Assert.Equal(1, (await ReadAsync()).Version.Version);
    }

    [Fact]
    public async Task An_update_needs_the_present_version_and_the_present_etag()
    {
        var entry = NewEntry("a");
        await InsertAsync(entry);
        var before = await ReadAsync();
        var etag = before.Members[0].Item2;
        entry.Status = SiloStatus.Active;
        Assert.True(await _table.UpdateRowAsync(entry, etag, before.Version.Next(), Cancellation));

        entry.Status = SiloStatus.Dead;
        Assert.False(await _table.UpdateRowAsync(entry, etag, before.Version.Next(), Cancellation));
        var now = await ReadAsync();
        Assert.False(await _table.UpdateRowAsync(entry, etag, now.Version.Next(), Cancellation));
        Assert.False(await _table.UpdateRowAsync(NewEntry("b"), now.Members[0].Item2, now.Version.Next(), Cancellation));
        Assert.Equal(SiloStatus.Active, (await ReadAsync()).Members[0].Item1.Status);
        Assert.Equal(2, (await ReadAsync()).Version.Version);
        Assert.True(await _table.UpdateRowAsync(entry, now.Members[0].Item2, now.Version.Next(), Cancellation));
    }

    [Fact]
    public async Task Of_many_changes_at_once_one_is_made()
    {
        await InsertAsync(NewEntry("first"));
        for (var round = 0; round < 10; round++)
        {
            var before = await ReadAsync();
            var (row, etag) = before.Members[0];
            var changes = Enumerable.Range(0, 12).Select(i => i % 2 == 0
                ? _table.InsertRowAsync(NewEntry("other"), before.Version.Next(), Cancellation)
                : _table.UpdateRowAsync(row, etag, before.Version.Next(), Cancellation));
            Assert.Single(await Task.WhenAll(changes), made => made);
            Assert.Equal(before.Version.Version + 1, (await ReadAsync()).Version.Version);
        }
    }

    [Fact]
    public async Task A_sign_of_life_changes_neither_version_nor_etag_and_follows_the_databases_clock()
    {
        var entry = NewEntry("a");
        entry.IAmAliveTime = DateTime.UtcNow.AddDays(-1);
        await InsertAsync(entry);
        var before = await ReadAsync();

        // The writer's clock and the reader's are far apart.
        _clock.Shift = TimeSpan.FromHours(-3);
        await _table.UpdateIAmAliveAsync(entry, Cancellation);
        _clock.Shift = TimeSpan.FromHours(5);
        var after = await ReadAsync();
        Assert.Equal(before.Version.Version, after.Version.Version);
        Assert.Equal(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal(_clock.GetUtcNow().UtcDateTime, after.Members[0].Item1.IAmAliveTime, Tolerance);
        Assert.Equal(_clock.GetUtcNow().UtcDateTime, after.Members[0].Item1.StartTime, Tolerance);
        Assert.True(after.Members[0].Item1.IAmAliveTime > after.Members[0].Item1.StartTime);
    }

    [Fact]
    public async Task Clean_up_removes_the_dead_whose_last_sign_is_old()
    {
        var (dead, active) = (NewEntry("dead"), NewEntry("active"));
        (dead.Status, active.Status) = (SiloStatus.Dead, SiloStatus.Active);
        await InsertAsync(dead);
        await InsertAsync(active);

        await _table.CleanupDefunctSiloEntriesAsync(_clock.GetUtcNow().AddMinutes(-5), Cancellation);
        Assert.Equal(2, (await ReadAsync()).Members.Count);

        // As if the five minutes had passed.
        await _table.CleanupDefunctSiloEntriesAsync(_clock.GetUtcNow().AddMinutes(5), Cancellation);
        Assert.Equal("active", Assert.Single((await ReadAsync()).Members).Item1.SiloName);
        Assert.Equal(2, (await ReadAsync()).Version.Version);
    }

    [Fact]
    public async Task Only_the_entries_of_this_cluster_are_deleted()
    {
        await InsertAsync(NewEntry("a"));
        await _table.DeleteMembershipTableEntriesAsync("another", Cancellation);
        Assert.Single((await ReadAsync()).Members);
        await _table.DeleteMembershipTableEntriesAsync(_members.Cluster, Cancellation);
        Assert.Empty((await ReadAsync()).Members);
    }

    private static Tuple<SiloAddress, DateTime> Suspicion(MembershipEntry by, int secondsAgo) => Tuple.Create(by.SiloAddress, DateTime.UtcNow.AddSeconds(-secondsAgo));

    private Task<MembershipTableData> ReadAsync() => _table.ReadAllAsync(Cancellation);

    private async Task<bool> InsertAsync(MembershipEntry entry) => await _table.InsertRowAsync(entry, (await ReadAsync()).Version.Next(), Cancellation);

    private MembershipEntry NewEntry(string name) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 1000, Interlocked.Increment(ref _generation)),
        SiloName = name,
        HostName = "machine",
        RoleName = "program",
        Status = SiloStatus.Joining,
        StartTime = DateTime.UtcNow,
        IAmAliveTime = DateTime.UtcNow,
    };

    /// <summary>A clock that goes wrong.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
