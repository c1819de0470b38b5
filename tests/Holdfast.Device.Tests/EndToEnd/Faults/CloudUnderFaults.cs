namespace Holdfast.Device.Tests.EndToEnd.Faults;

/// <summary>One server behind two networks, all of which can fail.</summary>
internal sealed class CloudUnderFaults : IAsyncDisposable
{
    private readonly ServerArguments _arguments;
    private readonly HoldingProxy[] _networks;

    private CloudUnderFaults(ServerArguments arguments, ServerProcess server)
    {
        (_arguments, Server) = (arguments, server);
        _networks = [new HoldingProxy(arguments.MqttPort), new HoldingProxy(arguments.MqttPort)];
    }

    public ServerProcess Server { get; private set; }

    /// <summary>The entrances, the preferred one first.</summary>
    public IEnumerable<int> Ports => _networks.Select(network => network.Port);

    public static async Task<CloudUnderFaults> StartAsync(string data)
    {
        var arguments = new ServerArguments(data) { MqttPort = FreePorts.Take(), HttpPort = FreePorts.Take() };
        return new CloudUnderFaults(arguments, await ServerProcess.StartAsync(arguments));
    }

    /// <summary>Whether a device must notice the fault by itself, since its connection stands.</summary>
    public static bool IsSilent(CloudFault fault) => fault is CloudFault.Stop or CloudFault.HoldAnswers or CloudFault.HoldAll;

    public async Task BreakAsync(CloudFault fault)
    {
        switch (fault)
        {
            case CloudFault.Kill:
                await Server.KillAsync();
                await Server.DisposeAsync();
                break;
            case CloudFault.Stop:
                Server.Suspend();
                break;
            case CloudFault.HoldAnswers or CloudFault.HoldAll:
                Array.ForEach(_networks, network => network.Hold(requests: fault == CloudFault.HoldAll, answers: true));
                break;
            default:
                Array.ForEach(_networks, network => network.Cut());
                break;
        }
    }

    /// <summary>Ends a fault. What a network has held back comes late, or never.</summary>
    public async Task MendAsync(CloudFault fault, bool isLate)
    {
        switch (fault)
        {
            case CloudFault.Kill:
                Server = await ServerProcess.StartAsync(_arguments);
                break;
            case CloudFault.Stop:
                Server.Resume();
                break;
            default:
                Array.ForEach(_networks, network =>
                {
                    if (isLate)
                    {
                        network.Release();
                    }
                    else
                    {
                        network.Cut();
                    }
                });
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Array.ForEach(_networks, network => network.Dispose());
        await Server.DisposeAsync();
    }
}
