using Holdfast.Log.State;

namespace Holdfast.Log.TestKit.State;

/// <summary>What every implementation of <see cref="IIdentityStore"/> does.</summary>
public abstract class IdentityStoreContract<THarness> : StateStoreContract<THarness>
    where THarness : IStateStoreHarness, new()
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_790_000_000_123);

    [Fact]
    public async Task Entries_come_back_as_they_were_added_in_the_order_of_their_revisions()
    {
        await AddAsync(IdentityKind.Product, "p", "", """{"note":"ä"}""");
        await AddAsync(IdentityKind.Device, "p", "d", "{}");
        await AddAsync(IdentityKind.Token, "p", "d", "{}");
        await ReopenAsync();

        var all = await ChangesAsync(0);

        Assert.Equal(
            [(IdentityKind.Product, "p", "", """{"note":"ä"}"""), (IdentityKind.Device, "p", "d", "{}"), (IdentityKind.Token, "p", "d", "{}")],
            all.Select(one => (one.Kind, one.Product, one.Name, one.Document!)));
        Assert.True(all[0].Revision > 0 && all[1].Revision > all[0].Revision && all[2].Revision > all[1].Revision);
    }

    [Fact]
    public async Task Only_who_has_seen_the_last_revision_changes_an_entry()
    {
        await AddAsync(IdentityKind.Device, "p", "d", "1");
        var first = Assert.Single(await ChangesAsync(0));

        Assert.False(await Stores.Identities.SaveAsync(first with { Revision = 0, Document = "added again" }));
        Assert.True(await Stores.Identities.SaveAsync(first with { Document = "2" }));
        Assert.False(await Stores.Identities.SaveAsync(first with { Document = "late" }));
        Assert.False(await Stores.Identities.SaveAsync(first with { Name = "another", Document = "never added" }));

        Assert.Equal("2", Assert.Single(await ChangesAsync(0)).Document);
    }

    [Fact]
    public async Task A_removal_is_a_change_for_who_knew_the_entry_and_leaves_its_name_free()
    {
        await AddAsync(IdentityKind.Device, "p", "d", "1");
        var added = Assert.Single(await ChangesAsync(0));

        Assert.True(await Stores.Identities.SaveAsync(added with { Document = null }));
        Assert.False(await Stores.Identities.SaveAsync(added with { Document = null }));
        await ReopenAsync();

        Assert.Empty(await ChangesAsync(0));
        var removed = Assert.Single(await ChangesAsync(added.Revision));
        Assert.Null(removed.Document);
        Assert.False(await Stores.Identities.SaveAsync(removed with { Document = "risen" }));

        await AddAsync(IdentityKind.Device, "p", "d", "2");
        var again = Assert.Single(await ChangesAsync(removed.Revision));
        Assert.True(again.Revision > removed.Revision);
    }

    [Fact]
    public async Task What_is_newer_than_a_revision_misses_no_change_of_many_at_once()
    {
        var saves = Enumerable.Range(0, 50).Select(number => Stores.Identities.SaveAsync(new StoredIdentity(IdentityKind.Device, "p", $"d{number}", 0, "{}")).AsTask()).ToList();
        var seen = new HashSet<string>();
        long revision = 0;
        while (seen.Count < saves.Count)
        {
            foreach (var change in await ChangesAsync(revision))
            {
                Assert.True(change.Revision > revision);
                revision = change.Revision;
                seen.Add(change.Name);
            }
        }

        Assert.All(await Task.WhenAll(saves), Assert.True);
    }

    [Fact]
    public async Task Presence_tells_the_last_that_was_said_of_a_device()
    {
        await Stores.Identities.SavePresenceAsync([new("p", "a", true, Noon), new("p", "b", true, Noon), new("q", "a", false, Noon)]);
        await Stores.Identities.SavePresenceAsync([new("p", "b", false, Noon.AddSeconds(9))]);

        var found = await Stores.Identities.LoadPresenceAsync("p", ["a", "b", "never"], Cancellation);

        Assert.Equal([new("p", "a", true, Noon), new("p", "b", false, Noon.AddSeconds(9))], found.OrderBy(one => one.Device, StringComparer.Ordinal));
    }

    private async Task AddAsync(IdentityKind kind, string product, string name, string document)
        => Assert.True(await Stores.Identities.SaveAsync(new StoredIdentity(kind, product, name, 0, document)));

    private async Task<List<StoredIdentity>> ChangesAsync(long after) => await Stores.Identities.LoadChangesAsync(after, Cancellation).ToListAsync(Cancellation);
}
