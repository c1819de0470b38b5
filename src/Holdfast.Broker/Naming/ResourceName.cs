namespace Holdfast.Broker.Naming;

/// <summary>The names that operators give: of products and integrations. They stand in URLs, metrics and file names, so they are plain.</summary>
public static class ResourceName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaximumLength = 63;

    /// <summary>The rule, in words, to put behind "… is not a valid name:".</summary>
    public const string Rule = "1 to 63 lower-case letters, digits and '-'";

    /// <summary>Whether a text is a valid name.</summary>
    /// <param name="name">The text.</param>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character != '-')
            {
                return false;
            }
        }

        return name.Length is > 0 and <= MaximumLength;
    }
}
