using Holdfast.Log.Commit;
using Holdfast.Log.Records;

namespace Holdfast.Cluster.Tests.Sessions;

/// <summary>A node's way to the one owner of everything. What comes after its death, or after it was fenced, arrives nowhere and is answered by nobody.</summary>
internal sealed class NodeAppender(GroupCommitter owner) : IRecordAppender
{
    private volatile bool _isCut;

    public TimeSpan OldestPendingAge => TimeSpan.Zero;

    public long Groups => owner.Groups;

    public void Cut() => _isCut = true;

    public AppendAdmission TryAppend(int partition, ref PublishRecord record, ICommitObserver? observer, ulong token, long answeredAt = long.MaxValue)
        => _isCut ? AppendAdmission.Accepted : owner.TryAppend(partition, ref record, observer, token, answeredAt);

    public AppendAdmission TryAppend(int partition, in SessionRecord record, ICommitObserver? observer, ulong token)
        => _isCut ? AppendAdmission.Accepted : owner.TryAppend(partition, record, observer, token);

    public void AppendMarker(int partition, ICommitObserver observer, ulong token)
    {
        if (!_isCut)
        {
            owner.AppendMarker(partition, observer, token);
        }
    }

    public Task WhenRoomAsync() => owner.WhenRoomAsync();
}
