using System.Globalization;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Demo;

/// <summary>Tells what happens: one line that is redrawn on a terminal, a line each second elsewhere.</summary>
/// <param name="terminal">The standard streams.</param>
/// <param name="output">Where to; standard error when the result is JSON.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoProgress(Terminal terminal, TextWriter output, TimeProvider time)
{
    /// <summary>How often the figures are shown.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly long _start = time.GetTimestamp();
    private bool _isLineOpen;

    /// <summary>Tells an event.</summary>
    /// <param name="text">A sentence.</param>
    public void Tell(string text)
    {
        if (_isLineOpen)
        {
            output.WriteLine();
            _isLineOpen = false;
        }

        output.WriteLine($"{Clock()}  {text}");
    }

    /// <summary>Shows the figures.</summary>
    /// <param name="figures">The figures.</param>
    public void Show(DemoFigures figures)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{Clock()}  published {figures.Published:#,0}, acknowledged {figures.Acknowledged:#,0}, subscriber {figures.DeliveredToSubscriber:#,0}, webhook {figures.DeliveredToWebhook:#,0}");
        if (terminal.IsInteractive)
        {
            output.Write($"\r\e[2K{line}");
            output.Flush();
            _isLineOpen = true;
        }
        else
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Ends the redrawn line.</summary>
    public void End()
    {
        if (_isLineOpen)
        {
            output.WriteLine();
            _isLineOpen = false;
        }
    }

    private string Clock() => string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_start).TotalSeconds,6:0.0} s");
}
