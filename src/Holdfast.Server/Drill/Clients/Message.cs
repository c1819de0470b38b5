using System.Globalization;
using System.Text;

namespace Holdfast.Server.Drill.Clients;

/// <summary>A payload that names its publisher and its number.</summary>
internal static class Message
{
    private const int Size = 100;
    private const char Separator = '|';

    public static byte[] Write(string publisher, long sequence)
        => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{publisher}{Separator}{sequence}{Separator}").PadRight(Size, '.'));

    public static (string Publisher, long Sequence) Read(string payload)
    {
        var parts = payload.Split(Separator);
        return (parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
