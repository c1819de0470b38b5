using System.Globalization;
using System.Text;
using Holdfast.Device;
using Holdfast.Device.Outbox;
using Holdfast.Device.Publisher;

// A device to kill: publishes numbers from the first one on, some at once, and prints each one that the outbox has taken, and each state behind a '='.
// Arguments: outbox directory, device id, first number, seed of the disk (0 for one that is not torn), endpoints.
const int AtOnce = 8;
const int BetweenUrgentOnes = 16;

var (directory, id, first, seed) = (args[0], args[1], long.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
var options = new DeviceOptions
{
    DeviceId = id,
    Endpoints = [.. args[4..].Select(endpoint => new Uri(endpoint))],
    Outbox = new OutboxOptions { Directory = directory, MaximumBytes = 16 * 1024 * 1024, WhenFull = FullPolicy.RefuseNewest, FlushInterval = TimeSpan.FromMilliseconds(1) },
    AckDeadline = TimeSpan.FromSeconds(1),
    FirstBackOff = TimeSpan.FromMilliseconds(100),
    LongestBackOff = TimeSpan.FromSeconds(1),
    ReturnInterval = TimeSpan.FromSeconds(2),
};
await using var device = seed == 0
    ? HoldfastDevice.Start(options)
    : HoldfastDevice.Start(options, new EventOutbox(new TornFiles(directory, seed), options.Outbox, TimeProvider.System), TimeProvider.System);
_ = Task.Run(async () =>
{
    await foreach (var status in device.ConnectivityChanges)
    {
        Console.WriteLine($"={status.State}");
    }
});

for (var next = first; ; next += AtOnce)
{
    var taken = Enumerable.Range(0, AtOnce).Select(n => next + n).Select(number => (number, PublishAsync(number))).ToList();
    foreach (var (number, publishing) in taken)
    {
        await publishing;
        Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
    }
}

Task<EventIdentity> PublishAsync(long number) => device.PublishAsync(
    new DeviceEvent("number", Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)))
    {
        Priority = number % BetweenUrgentOnes == 0 ? EventPriority.Urgent : EventPriority.Normal,
    });
