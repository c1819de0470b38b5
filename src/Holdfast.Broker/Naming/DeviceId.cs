namespace Holdfast.Broker.Naming;

/// <summary>
/// The ids of registered devices. They are a level of topics and a part of URLs and user names, and makers have their own ways to number: serial numbers, MAC addresses, UUIDs.
/// </summary>
public static class DeviceId
{
    /// <summary>The longest id, in characters.</summary>
    public const int MaximumLength = 128;

    /// <summary>The rule, in words, to put behind "… is not a valid device id:".</summary>
    public const string Rule = "1 to 128 letters, digits and '-', '_', '.', ':', of which the first is a letter or a digit";

    /// <summary>Whether a text is a valid id.</summary>
    /// <param name="id">The text.</param>
    public static bool IsValid(ReadOnlySpan<char> id)
    {
        if (id.Length is 0 or > MaximumLength || !char.IsAsciiLetterOrDigit(id[0]))
        {
            return false;
        }

        foreach (var character in id)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.' or ':'))
            {
                return false;
            }
        }

        return true;
    }
}
