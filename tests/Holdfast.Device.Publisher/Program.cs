using System.Globalization;
using System.Text;
using Holdfast.Device;
using Holdfast.Device.Outbox;

// A device to kill: publishes numbers from the first one on, and prints each one that the outbox has taken.
// Arguments: outbox directory, port of the broker, device id, first number.
var options = new DeviceOptions
{
    DeviceId = args[2],
    Endpoints = [new Uri($"mqtt://127.0.0.1:{args[1]}")],
    Outbox = new OutboxOptions { Directory = args[0], FlushInterval = TimeSpan.FromMilliseconds(1) },
    FirstBackOff = TimeSpan.FromMilliseconds(100),
    LongestBackOff = TimeSpan.FromSeconds(1),
};
await using var device = HoldfastDevice.Start(options);
for (var number = long.Parse(args[3], CultureInfo.InvariantCulture); ; number++)
{
    var text = number.ToString(CultureInfo.InvariantCulture);
    await device.PublishAsync(new DeviceEvent("number", Encoding.UTF8.GetBytes(text)));
    Console.WriteLine(text);
}
