using System.Globalization;
using Holdfast.Log.Postgres.Members;

namespace Holdfast.Cluster.Membership;

/// <summary>
/// Orleans' table of silos, in the cluster's database. It waits while the database is away, rather than fail, because Orleans waits up to a minute before it tries again. The
/// database keeps the times by its own clock; here they become times of this machine's clock, by which Orleans judges them.
/// </summary>
internal sealed class PostgresMembershipTable(ClusterMembers members, TimeProvider clock) : IMembershipTable
{
    /// <inheritdoc/>
    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken)
        => clusterId == members.Cluster ? members.ClearAsync(cancellationToken) : Task.CompletedTask;

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken)
        => members.RemoveAsync((int)SiloStatus.Dead, clock.GetUtcNow() - beforeDate, cancellationToken);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
    {
        var address = key.ToParsableString();
        return Translate(await members.ReadAsync(cancellationToken).ConfigureAwait(false), member => member.Address == address);
    }

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
        => Translate(await members.ReadAsync(cancellationToken).ConfigureAwait(false), _ => true);

    /// <inheritdoc/>
    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken)
        => members.AddAsync(Translate(entry), tableVersion.Version, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        var member = Translate(entry) with { ChangedIn = int.Parse(etag, CultureInfo.InvariantCulture) };
        return members.UpdateAsync(member, tableVersion.Version, cancellationToken);
    }

    /// <inheritdoc/>
    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
        => members.TouchAsync(entry.SiloAddress.ToParsableString(), cancellationToken);

    // Orleans declares these beside the ones with a token, and calls only those.
    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(CancellationToken.None);

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Member Translate(MembershipEntry entry) => new()
    {
        Address = entry.SiloAddress.ToParsableString(),
        Name = entry.SiloName ?? string.Empty,
        Host = entry.HostName ?? string.Empty,
        Role = entry.RoleName ?? string.Empty,
        Status = (int)entry.Status,
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(suspicion => (suspicion.Item1.ToParsableString(), clock.GetUtcNow().UtcDateTime - suspicion.Item2))],
    };

    private MembershipTableData Translate(Log.Postgres.Members.Membership membership, Func<Member, bool> filter)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var entries = membership.Members.Where(filter).Select(member => Tuple.Create(Translate(member, now), Text(member.ChangedIn))).ToList();
        return new MembershipTableData(entries, new TableVersion(membership.Version, Text(membership.Version)));
    }

    private static MembershipEntry Translate(Member member, DateTime now) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(member.Address),
        SiloName = member.Name,
        HostName = member.Host,
        RoleName = member.Role,
        Status = (SiloStatus)member.Status,
        StartTime = now - member.SinceStart,
        IAmAliveTime = now - member.SinceAlive,
        SuspectTimes = [.. member.Suspicions.Select(suspicion => Tuple.Create(SiloAddress.FromParsableString(suspicion.Address), now - suspicion.Since))],
    };
}
