using System.Globalization;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events;

/// <summary>The publisher's stream and sequence as headers, for either form of an event.</summary>
internal sealed record SequenceHeaders(string? Stream, ulong? Sequence)
{
    public const string StreamHeader = "Holdfast-Stream";
    public const string SequenceHeader = "Holdfast-Sequence";

    public static Parsed<SequenceHeaders> Parse(IHeaderDictionary headers)
    {
        var stream = headers[StreamHeader];
        var sequence = headers[SequenceHeader];
        if (stream.Count > 1 || sequence.Count > 1)
        {
            return Problem.Malformed("The header is given more than once.", stream.Count > 1 ? StreamHeader : SequenceHeader);
        }

        ulong? number = null;
        if (sequence.Count == 1)
        {
            if (!ulong.TryParse(sequence[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return Problem.Invalid(SequenceHeader, $"The header must be a whole number from 0 to {ulong.MaxValue}, not '{sequence[0]}'.");
            }

            number = value;
        }

        return new SequenceHeaders(stream.Count == 1 ? stream[0] : null, number);
    }
}
