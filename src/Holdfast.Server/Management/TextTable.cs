using System.Text;

namespace Holdfast.Server.Management;

/// <summary>Rows in columns.</summary>
internal static class TextTable
{
    /// <summary>Formats rows; the first holds the titles.</summary>
    /// <param name="rows">Rows of equal length.</param>
    public static string Format(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. rows[0].Select((_, index) => rows.Max(row => row[index].Length))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.AppendLine(string.Join("  ", row.Select((cell, index) => cell.PadRight(widths[index]))).TrimEnd());
        }

        return text.ToString().TrimEnd();
    }
}
