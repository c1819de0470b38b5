using System.Globalization;
using System.Text;

namespace Holdfast.Server.Demo;

/// <summary>What a simulated device is and says: a seeded random walk over the values of its kind.</summary>
internal sealed class DeviceModel
{
    private static readonly (string Kind, string[] Events)[] Kinds =
    [
        ("fire-pump", ["pressure", "pump-started", "pump-stopped", "fault"]),
        ("hour-meter", ["hours"]),
        ("tank", ["level"]),
        ("cold-room", ["temperature", "door"]),
        ("generator", ["load", "fuel"]),
    ];

    private readonly Random _random;
    private readonly string[] _events;
    private readonly string _stream;
    private double _value;
    private ulong _sequence;

    /// <summary>Makes a device.</summary>
    /// <param name="index">Which of all, from 0.</param>
    /// <param name="seed">The seed of the run.</param>
    public DeviceModel(int index, int seed)
    {
        _random = new Random(unchecked((seed * 100_003) + index));
        (string kind, _events) = Kinds[index % Kinds.Length];
        Id = string.Create(CultureInfo.InvariantCulture, $"{kind}-{index + 1:D3}");
        byte[] stream = new byte[8];
        _random.NextBytes(stream);
        _stream = Convert.ToHexStringLower(stream);
        _value = 20 + (_random.NextDouble() * 60);
    }

    /// <summary>The device's id.</summary>
    public string Id { get; }

    /// <summary>The next event.</summary>
    /// <param name="now">When the device measured.</param>
    public DeviceEvent Next(DateTimeOffset now)
    {
        string name = _events[_random.Next(_events.Length)];
        _value = Math.Clamp(_value + ((_random.NextDouble() - 0.5) * 4), 0, 100);
        string payload = string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"device\":\"{Id}\",\"at\":\"{now:yyyy-MM-ddTHH:mm:ss.fffZ}\",{Reading(name)}}}");
        return new DeviceEvent(new EventKey(_stream, ++_sequence), $"devices/{Id}/events/{name}", Encoding.UTF8.GetBytes(payload));
    }

    /// <summary>How long until the next event: the interval, give or take half.</summary>
    /// <param name="interval">The interval.</param>
    public TimeSpan NextPause(TimeSpan interval) => interval * (0.5 + _random.NextDouble());

    /// <summary>How long to wait before connecting again: longer with each attempt, and not the same for all devices.</summary>
    /// <param name="attempt">From 0.</param>
    public TimeSpan ReconnectPause(int attempt) => TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(attempt, 4), 500) * (0.5 + _random.NextDouble()));

    private string Reading(string name) => name switch
    {
        "pressure" => string.Create(CultureInfo.InvariantCulture, $"\"bar\":{6 + (_value / 20):0.00},\"mains\":true"),
        "pump-started" => "\"pump\":\"running\",\"cause\":\"pressure-drop\"",
        "pump-stopped" => string.Create(CultureInfo.InvariantCulture, $"\"pump\":\"stopped\",\"ranSeconds\":{_value * 3:0}"),
        "fault" => "\"fault\":\"charger\",\"severity\":\"warning\"",
        "hours" => string.Create(CultureInfo.InvariantCulture, $"\"hours\":{1000 + (_sequence / 100.0):0.00}"),
        "level" => string.Create(CultureInfo.InvariantCulture, $"\"percent\":{_value:0.0},\"litres\":{_value * 120:0}"),
        "temperature" => string.Create(CultureInfo.InvariantCulture, $"\"celsius\":{(_value / 10) - 4:0.00}"),
        "door" => _value > 50 ? "\"door\":\"open\"" : "\"door\":\"closed\"",
        "load" => string.Create(CultureInfo.InvariantCulture, $"\"kilowatts\":{_value * 2:0.0},\"hertz\":{49.9 + (_value / 500):0.00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\"fuelPercent\":{_value:0.0}"),
    };
}
