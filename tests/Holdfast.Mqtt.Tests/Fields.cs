using System.Globalization;
using System.Text;

namespace Holdfast.Mqtt.Tests;

/// <summary>The content of a packet as text that can be compared: the oracle and the real packets are both rendered into it.</summary>
public sealed class Fields(string packet)
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public void Set(string name, long value) => _values[name] = value.ToString(CultureInfo.InvariantCulture);

    public void Set(string name, bool value) => _values[name] = value ? "1" : "0";

    public void SetBytes(string name, ReadOnlySpan<byte> value) => _values[name] = "x" + Convert.ToHexString(value);

    public void SetText(string name, string? value)
    {
        if (value is not null)
        {
            SetBytes(name, Encoding.UTF8.GetBytes(value));
        }
    }

    public void Append(string name, string value) => _values[name] = _values.GetValueOrDefault(name, "") + "[" + value + "]";

    public void AppendPair(string name, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
        => Append(name, Convert.ToHexString(first) + "=" + Convert.ToHexString(second));

    public override string ToString() => packet + " " + string.Join(' ', _values.Select(value => value.Key + ":" + value.Value));
}
