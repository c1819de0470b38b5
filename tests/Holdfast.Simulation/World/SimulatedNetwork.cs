using Holdfast.Cluster.Peers;
using Holdfast.Simulation.Nodes;

namespace Holdfast.Simulation.World;

/// <summary>Messages between nodes: delayed, so that they overtake each other, lost, and delivered twice.</summary>
internal sealed class SimulatedNetwork(SimulatedWorld world)
{
    /// <summary>How long an answer may take, as between real nodes.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    private readonly HashSet<(int From, int To)> _cut = [];

    /// <summary>How likely a message is lost; a tenth as likely it comes twice.</summary>
    public double LossRate { get; set; }

    /// <summary>The longest delay of a message.</summary>
    public double SlowestMilliseconds { get; set; } = 3;

    /// <summary>Nothing goes from one node to another any more.</summary>
    public void Cut(int from, int to) => _cut.Add((from, to));

    /// <summary>Every way is open again.</summary>
    public void Mend() => _cut.Clear();

    /// <summary>Everything arrives again.</summary>
    public void Heal()
    {
        _cut.Clear();
        LossRate = 0;
        SlowestMilliseconds = 3;
    }

    /// <summary>Asks another node.</summary>
    /// <param name="from">Who asks.</param>
    /// <param name="to">Whom.</param>
    /// <param name="handle">What the other one does.</param>
    /// <returns>Null when no answer came: perhaps it was done.</returns>
    public Task<T?> AskAsync<T>(Life from, NodeId to, Func<Life, Task<T>> handle)
        where T : class
    {
        var answer = new TaskCompletionSource<T?>();
        from.After(AnswerLimit, () => answer.TrySetResult(null));
        Send(from.Node, to, target => target.Run(async () =>
        {
            var result = await handle(target).ConfigureAwait(false);
            Send(target.Node, from.Id, _ => answer.TrySetResult(result));
        }), () => from.After(world.Between(0, 50), () => answer.TrySetResult(null)));
        return answer.Task;
    }

    /// <summary>Tells another node something, and does not look whether it arrives.</summary>
    public void Tell(Life from, NodeId to, Action<Life> deliver) => Send(from.Node, to, deliver);

    private void Send(int from, NodeId to, Action<Life> deliver, Action? onRefused = null)
    {
        var target = int.Parse(to.Name[1..], System.Globalization.CultureInfo.InvariantCulture);
        if (_cut.Contains((from, target)) || world.Chance(LossRate))
        {
            return;
        }

        var copies = world.Chance(LossRate / 10) ? 2 : 1;
        for (var copy = 0; copy < copies; copy++)
        {
            // Rarely one is held up for long: by then its sender has given it up.
            var delay = world.Chance(LossRate / 4) ? world.Between(500, 4000) : world.Between(0.1, SlowestMilliseconds);
            world.Agenda.After(delay, () =>
            {
                if (world.Find(to) is { } life)
                {
                    life.Receive(() => deliver(life));
                }
                else if (world.Chance(0.7))
                {
                    // Nobody listens there. Sometimes even that is not told.
                    onRefused?.Invoke();
                }
            });
        }
    }
}
