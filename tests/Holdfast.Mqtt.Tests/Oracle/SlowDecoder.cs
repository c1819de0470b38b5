using System.Text;
using static Holdfast.Mqtt.Tests.Oracle.SlowReader;

namespace Holdfast.Mqtt.Tests.Oracle;

/// <summary>
/// A second decoder, written straight from the standard, slow and plain. It shares no code with the real one: where both agree on every
/// packet, valid or not, a mistake would have to be made twice.
/// </summary>
public static class SlowDecoder
{
    /// <summary>Decodes one whole packet.</summary>
    /// <returns>Its fields, or null when it is refused.</returns>
    public static string? Decode(byte[] packet, int version, bool fromServer)
    {
        try
        {
            var reader = new SlowReader(packet);
            var first = reader.Byte();
            Require(reader.Variable() == reader.Left, "length");
            return DecodeBody(first / 16, first % 16, reader, version == 5, fromServer);
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private static string DecodeBody(int type, int flags, SlowReader reader, bool five, bool fromServer)
    {
        if (type == 3)
        {
            return Publish(flags, reader, five, fromServer);
        }

        Require(flags == (type is 6 or 8 or 10 ? 2 : 0), "flags");
        switch (type)
        {
            case 1:
                return Connect(reader);
            case 2:
                return ConnAck(reader, five);
            case 4 or 5 or 6 or 7:
                return Ack(type, reader, five);
            case 8:
                return Subscribe(reader, five);
            case 9 or 11:
                return SubscriptionAck(type, reader, five);
            case 10:
                return Unsubscribe(reader, five);
            case 12 or 13:
                reader.End();
                return "PING ";
            case 14:
                return Disconnect(reader, five, fromServer);
            case 15:
                Require(five, "no AUTH in 3.1.1");
                return Auth(reader);
            default:
                throw new RefusedException("type 0");
        }
    }

    private static void RequireTopic(byte[] topic)
        => Require(!topic.Contains((byte)'+') && !topic.Contains((byte)'#'), "wildcard in a topic name");

    private static string Publish(int flags, SlowReader reader, bool five, bool fromServer)
    {
        var fields = new Fields("PUBLISH");
        var (duplicate, quality, retain) = (flags >= 8, flags / 2 % 4, flags % 2 == 1);
        Require(quality != 3 && (quality != 0 || !duplicate), "publish flags");
        var topic = reader.Text();
        RequireTopic(topic);
        var id = quality == 0 ? 0 : reader.Two();
        Require(quality == 0 || id != 0, "packet identifier 0");
        fields.SetBytes("topic", topic);
        fields.Set("qos", quality);
        fields.Set("dup", duplicate);
        fields.Set("retain", retain);
        fields.Set("id", id);
        var aliased = false;
        if (five)
        {
            var read = new Fields("");
            var forwarded = fromServer
                ? SlowProperties.Read(reader, read, "", true, 1, 2, 3, 8, 9, 11, 35, 38)
                : SlowProperties.Read(reader, read, "", false, 1, 2, 3, 8, 9, 35, 38);
            aliased = read.ToString().Contains(" alias:", StringComparison.Ordinal);
            fields.SetBytes("forwarded", forwarded);
            fields.Append("properties", read.ToString());
        }

        Require(topic.Length > 0 || aliased, "no topic");
        fields.SetBytes("payload", reader.Bytes(reader.Left));
        return fields.ToString();
    }

    private static string Ack(int type, SlowReader reader, bool five)
    {
        var fields = new Fields("ACK" + type);
        var id = reader.Two();
        Require(id != 0, "packet identifier 0");
        fields.Set("id", id);
        var reason = 0;
        if (five && reader.Left > 0)
        {
            reason = reader.Byte();
            int[] allowed = type is 4 or 5 ? [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] : [0x00, 0x92];
            Require(allowed.Contains(reason), "reason");
            if (reader.Left > 0)
            {
                SlowProperties.Read(reader, new Fields(""), "", false, 31, 38);
            }
        }

        fields.Set("reason", reason);
        reader.End();
        return fields.ToString();
    }

    private static string Connect(SlowReader reader)
    {
        var fields = new Fields("CONNECT");
        Require(Encoding.Latin1.GetString(reader.Binary()) == "MQTT", "name");
        var version = reader.Byte();
        Require(version is 4 or 5, "level");
        fields.Set("version", version);
        var flags = reader.Byte();
        var (user, password, willRetain) = (flags >= 128, flags / 64 % 2 == 1, flags / 32 % 2 == 1);
        var (willQuality, will, clean) = (flags / 8 % 4, flags / 4 % 2 == 1, flags / 2 % 2 == 1);
        Require(flags % 2 == 0, "reserved");
        Require(will || (willQuality == 0 && !willRetain), "will flags");
        Require(willQuality != 3, "will QoS 3");
        Require(version == 5 || user || !password, "password without user name");
        fields.Set("clean", clean);
        fields.Set("keepAlive", reader.Two());
        fields.Set("sessionExpiry", version == 4 && !clean ? uint.MaxValue : 0);
        fields.Set("receiveMaximum", 65535);
        fields.Set("maximumPacketSize", uint.MaxValue);
        fields.Set("aliasMaximum", 0);
        fields.Set("responseInformationWanted", false);
        fields.Set("problemInformation", true);
        if (version == 5)
        {
            SlowProperties.Read(reader, fields, "", false, 17, 21, 22, 23, 25, 33, 34, 38, 39);
        }

        var client = reader.Text();
        Require(client.Length > 0 || clean || version == 5, "client identifier");
        fields.SetBytes("client", client);
        if (will)
        {
            fields.Set("will.qos", willQuality);
            fields.Set("will.retain", willRetain);
            fields.Set("will.delay", 0);
            var read = new Fields("");
            read.Set("delay", 0);
            fields.SetBytes("will.forwarded", version == 5 ? SlowProperties.Read(reader, read, "", false, 1, 2, 3, 8, 9, 24, 38) : []);
            var topic = reader.Text();
            Require(topic.Length > 0, "will topic");
            RequireTopic(topic);
            fields.SetBytes("will.topic", topic);
            fields.SetBytes("will.payload", reader.Binary());
            fields.Append("will.properties", read.ToString());
        }

        if (user)
        {
            fields.SetBytes("user name", reader.Text());
        }

        if (password)
        {
            fields.SetBytes("password", reader.Binary());
        }

        reader.End();
        return fields.ToString();
    }

    private static string ConnAck(SlowReader reader, bool five)
    {
        var fields = new Fields("CONNACK");
        var flags = reader.Byte();
        Require(flags is 0 or 1, "acknowledge flags");
        fields.Set("present", flags);
        var reason = reader.Byte();
        if (five)
        {
            int[] allowed =
            [
                0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
            ];
            Require(allowed.Contains(reason), "reason");
            SlowProperties.Read(reader, fields, "", false, 17, 18, 19, 21, 22, 26, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42);
        }
        else
        {
            Require(reason <= 5, "return code");
            reason = new[] { 0, 0x84, 0x85, 0x88, 0x86, 0x87 }[reason];
        }

        Require(flags == 0 || reason == 0, "session present");
        fields.Set("reason", reason);
        reader.End();
        return fields.ToString();
    }

    private static string Subscribe(SlowReader reader, bool five)
    {
        var fields = new Fields("SUBSCRIBE");
        var id = reader.Two();
        Require(id != 0, "packet identifier 0");
        fields.Set("id", id);
        if (five)
        {
            SlowProperties.Read(reader, fields, "", false, 11, 38);
        }

        Require(reader.Left > 0, "no filter");
        while (reader.Left > 0)
        {
            var filter = reader.Text();
            var options = reader.Byte();
            Require(options % 4 != 3, "QoS");
            Require(five ? options < 64 && options / 16 != 3 : options < 4, "options");
            var shared = Encoding.UTF8.GetString(filter).StartsWith("$share/", StringComparison.Ordinal);
            Require(options / 4 % 2 == 0 || !shared, "no local on a shared subscription");
            fields.Append("requests", Convert.ToHexString(filter) + " " + options);
        }

        return fields.ToString();
    }

    private static string SubscriptionAck(int type, SlowReader reader, bool five)
    {
        var fields = new Fields(type == 9 ? "SUBACK" : "UNSUBACK");
        var id = reader.Two();
        Require(id != 0, "packet identifier 0");
        fields.Set("id", id);
        if (five)
        {
            SlowProperties.Read(reader, fields, "", false, 31, 38);
        }

        int[] allowed = (type, five) switch
        {
            (9, true) => [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2],
            (9, false) => [0, 1, 2, 0x80],
            (_, true) => [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91],
            _ => [],
        };
        Require(reader.Left > 0 || (type == 11 && !five), "no reason");
        while (reader.Left > 0)
        {
            var reason = reader.Byte();
            Require(allowed.Contains(reason), "reason");
            fields.Append("reasons", reason.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return fields.ToString();
    }

    private static string Unsubscribe(SlowReader reader, bool five)
    {
        var fields = new Fields("UNSUBSCRIBE");
        var id = reader.Two();
        Require(id != 0, "packet identifier 0");
        fields.Set("id", id);
        if (five)
        {
            SlowProperties.Read(reader, fields, "", false, 38);
        }

        Require(reader.Left > 0, "no filter");
        while (reader.Left > 0)
        {
            fields.Append("filters", Convert.ToHexString(reader.Text()));
        }

        return fields.ToString();
    }

    private static string Disconnect(SlowReader reader, bool five, bool fromServer)
    {
        Require(five || !fromServer, "no DISCONNECT from a 3.1.1 server");
        var fields = new Fields("DISCONNECT");
        var reason = 0;
        if (five && reader.Left > 0)
        {
            reason = reader.Byte();
            int[] allowed = fromServer
                ? [
                    0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B,
                    0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
                ]
                : [0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];
            Require(allowed.Contains(reason), "reason");
            if (reader.Left > 0)
            {
                int[] properties = fromServer ? [28, 31, 38] : [17, 28, 31, 38];
                SlowProperties.Read(reader, fields, "", false, properties);
            }
        }

        fields.Set("reason", reason);
        reader.End();
        return fields.ToString();
    }

    private static string Auth(SlowReader reader)
    {
        var fields = new Fields("AUTH");
        var reason = 0;
        if (reader.Left > 0)
        {
            reason = reader.Byte();
            Require(reason is 0 or 0x18 or 0x19, "reason");
            SlowProperties.Read(reader, fields, "", false, 21, 22, 31, 38);
            Require(fields.ToString().Contains(" method:", StringComparison.Ordinal), "no method");
        }

        fields.Set("reason", reason);
        reader.End();
        return fields.ToString();
    }
}
