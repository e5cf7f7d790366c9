"""The operators' gRPC face of inference: translates and delegates."""

from typing import Any

import grpc
from lectern.inference.v1 import operations_pb2 as pb
from lectern.inference.v1 import operations_pb2_grpc

from kit.call import current_caller
from kit.names import parse
from services.inference import convert_operations as convert
from services.inference.service.operations import Providers, Spending

Context = grpc.aio.ServicerContext[Any, Any]
PROVIDER = "providers/{provider}"


class ProviderServicer(operations_pb2_grpc.ProviderServiceServicer):
    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    async def ListProviders(self, request: pb.ListProvidersRequest, context: Context) -> pb.ListProvidersResponse:
        return pb.ListProvidersResponse(providers=[convert.provider(each) for each in await self._providers.list()])

    async def OpenProvider(self, request: pb.OpenProviderRequest, context: Context) -> pb.Provider:
        return convert.provider(await self._providers.open(parse(PROVIDER, request.name)["provider"]))

    async def CloseProvider(self, request: pb.CloseProviderRequest, context: Context) -> pb.Provider:
        return convert.provider(await self._providers.close(parse(PROVIDER, request.name)["provider"]))


class UsageServicer(operations_pb2_grpc.UsageServiceServicer):
    def __init__(self, spending: Spending) -> None:
        self._spending = spending

    async def GetUsage(self, request: pb.GetUsageRequest, context: Context) -> pb.Usage:
        first, last = convert.day(request, "start_time"), convert.day(request, "end_time")
        return convert.usage(await self._spending.usage(current_caller(), request.user, request.course, first, last))


class BudgetServicer(operations_pb2_grpc.BudgetServiceServicer):
    def __init__(self, spending: Spending) -> None:
        self._spending = spending

    async def ListBudgets(self, request: pb.ListBudgetsRequest, context: Context) -> pb.ListBudgetsResponse:
        budgets = await self._spending.budgets(current_caller())
        return pb.ListBudgetsResponse(budgets=[convert.budget(each) for each in budgets])

    async def UpdateBudget(self, request: pb.UpdateBudgetRequest, context: Context) -> pb.Budget:
        caller = current_caller()
        budget = convert.budget_of(caller.tenant, request.budget)
        return convert.budget(await self._spending.set_budget(caller, budget))
