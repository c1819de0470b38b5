using static Holdfast.Mqtt.Tests.Oracle.SlowReader;

namespace Holdfast.Mqtt.Tests.Oracle;

/// <summary>Reads properties by the book: one case for each row of the standard's table 2-4.</summary>
public static class SlowProperties
{
    /// <summary>What the fields of a packet are called in <see cref="Fields"/>, by property.</summary>
    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "format", [2] = "expiry", [3] = "contentType", [8] = "responseTopic", [9] = "correlation", [11] = "subscription", [17] = "sessionExpiry",
        [18] = "assigned", [19] = "serverKeepAlive", [21] = "method", [22] = "data", [23] = "problemInformation", [24] = "delay",
        [25] = "responseInformationWanted", [26] = "responseInformation", [28] = "reference", [31] = "reasonString", [33] = "receiveMaximum",
        [34] = "aliasMaximum", [35] = "alias", [36] = "maximumQos", [37] = "retainAvailable", [38] = "user", [39] = "maximumPacketSize",
        [40] = "wildcards", [41] = "subscriptionIdentifiers", [42] = "shared",
    };

    /// <summary>Reads the properties into fields; returns the bytes of those that are forwarded.</summary>
    public static byte[] Read(SlowReader packet, Fields fields, string prefix, bool manySubscriptions, params int[] allowed)
    {
        var reader = new SlowReader(packet.Bytes(packet.Variable()));
        var seen = new List<int>();
        var forwarded = new List<byte>();
        while (reader.Left > 0)
        {
            var id = reader.Byte();
            Require(allowed.Contains(id), "property not allowed");
            Require(id == 38 || (id == 11 && manySubscriptions) || !seen.Contains(id), "property twice");
            seen.Add(id);
            var value = new List<byte> { (byte)id };
            ReadOne(id, reader, fields, prefix + Names[id], value);
            if (id is 1 or 3 or 8 or 9 or 38)
            {
                forwarded.AddRange(value);
            }
        }

        Require(!seen.Contains(22) || seen.Contains(21), "data without method");
        return [.. forwarded];
    }

    private static void ReadOne(int id, SlowReader reader, Fields fields, string name, List<byte> value)
    {
        switch (id)
        {
            case 1 or 23 or 25 or 36 or 37 or 40 or 41 or 42:
                var flag = reader.Byte();
                Require(flag is 0 or 1, "not a boolean");
                fields.Set(name, flag);
                value.Add((byte)flag);
                break;
            case 19 or 33 or 34 or 35:
                var two = reader.Two();
                Require(two != 0 || id is 19 or 34, "zero");
                fields.Set(name, two);
                break;
            case 2 or 17 or 24 or 39:
                var four = reader.Four();
                Require(four != 0 || id != 39, "zero");
                fields.Set(name, four);
                break;
            case 11:
                var variable = reader.Variable();
                Require(variable != 0, "zero");
                fields.Append(name, variable.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case 9 or 22:
                var binary = reader.Binary();
                fields.SetBytes(name, binary);
                AddLengthPrefixed(value, binary);
                break;
            case 38:
                var (first, second) = (reader.Text(), reader.Text());
                fields.AppendPair(name, first, second);
                AddLengthPrefixed(value, first);
                AddLengthPrefixed(value, second);
                break;
            default:
                var text = reader.Text();
                Require(id != 8 || (text.Length > 0 && !text.Contains((byte)'+') && !text.Contains((byte)'#')), "bad response topic");
                fields.SetBytes(name, text);
                AddLengthPrefixed(value, text);
                break;
        }
    }

    private static void AddLengthPrefixed(List<byte> value, byte[] bytes)
    {
        value.Add((byte)(bytes.Length / 256));
        value.Add((byte)(bytes.Length % 256));
        value.AddRange(bytes);
    }
}
