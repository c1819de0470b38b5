namespace Holdfast.Log.Postgres;

/// <summary>Where a partition ends and who may append to it: the fence.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="NextOffset">The offset of the next record.</param>
/// <param name="Epoch">Raised by every claim and by every resolution of an unknown outcome; an append with another one stores nothing.</param>
/// <param name="Owner">The owner's name, see <see cref="PostgresOptions.Owner"/>; null before the first claim.</param>
public sealed record PartitionHead(int Partition, long NextOffset, long Epoch, string? Owner);

/// <summary>The answer to a claim.</summary>
/// <param name="IsGranted">Whether the claimant is the owner now.</param>
/// <param name="Head">The partition's head afterwards; when the claim was refused, what stands against it.</param>
public sealed record PartitionClaim(bool IsGranted, PartitionHead Head);
