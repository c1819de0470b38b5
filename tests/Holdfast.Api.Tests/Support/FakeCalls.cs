using Holdfast.Broker.Calls;

namespace Holdfast.Api.Tests.Support;

/// <summary>The devices behind the API: they answer as a test says.</summary>
internal sealed class FakeCalls : IDeviceCalls
{
    public TimeSpan LongestWait => TimeSpan.FromSeconds(60);

    public CallResult Result { get; set; } = new(CallStatus.Answered, "") { EventId = "run1-3-42", Reply = new DeviceReply("closed"u8.ToArray(), null, null) };

    public List<(DeviceCommand Command, TimeSpan? Wait, TimeSpan? Expiry)> Called { get; } = [];

    public ValueTask<CallResult> CallAsync(DeviceCommand command, TimeSpan wait, CancellationToken cancellationToken)
    {
        Called.Add((command, wait, null));
        return ValueTask.FromResult(Result);
    }

    public ValueTask<CallResult> StoreAsync(DeviceCommand command, TimeSpan? expiry, CancellationToken cancellationToken)
    {
        Called.Add((command, null, expiry));
        return ValueTask.FromResult(Result with { Status = Result.Status == CallStatus.Answered ? CallStatus.Stored : Result.Status, Reply = null, ReplyTopic = "devices/d/replies/1" });
    }
}
